"""API tokens and trusts as lists, and their end. They are made in the console and on the server, by people."""

from typing import Annotated

from fastapi import APIRouter, Depends

from careful import people
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.kernel.actors import Actor

router = APIRouter(prefix="/tokens", tags=["tokens"], route_class=TokenFirst)
trusts = APIRouter(prefix="/trusts", tags=["tokens"], route_class=TokenFirst)
_Read = Annotated[Actor, Depends(needs("tokens", "read"))]


@router.get("")
def list_tokens(world: TheWorld, _: _Read, jobs: bool = False) -> list[people.Token]:
    """List tokens, newest first, without their secrets; `jobs` true for those that CI jobs got as well."""
    return people.list_tokens(world, jobs=jobs)


@router.delete("/{token}", status_code=204)
def revoke(world: TheWorld, actor: Annotated[Actor, Depends(needs("tokens", "revoke"))], token: str) -> None:
    """End a token, by its id."""
    people.revoke_token(world, actor, token)


@trusts.get("")
def list_trusts(world: TheWorld, _: _Read) -> list[people.Trust]:
    """List the trusts by which CI jobs get tokens."""
    return people.list_trusts(world)


@trusts.delete("/{trust}", status_code=204)
def end(world: TheWorld, actor: Annotated[Actor, Depends(needs("tokens", "trust"))], trust: str) -> None:
    """End a trust, and with it the tokens that jobs hold by it."""
    people.end_trust(world, actor, trust)
