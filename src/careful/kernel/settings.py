"""Settings: from environment variables `CAREFUL_*`, else from `careful.toml` in the data directory, else the default.

Each field is documented in docs/settings.md; a test compares the two.
"""

import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from careful.kernel.errors import Invalid, Problem

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Settings(BaseSettings):
    """Everything that a maker may set. No field needs setting for a working, safe system on one machine."""

    model_config = SettingsConfigDict(env_prefix="CAREFUL_", extra="forbid", frozen=True)

    data: Path = Field(default=Path("careful-data"), description="Folder for database, keys, artifacts and inbox.")
    database: str = Field(
        default="", description="Empty: SQLite in the data folder. Else a URL such as postgresql+psycopg://host/name."
    )
    host: str = Field(default="127.0.0.1", description="Address on which console, public site and devices are served.")
    console_port: int = Field(default=8080, ge=1, le=65535, description="Port of the staff console and its API.")
    public_port: int = Field(default=8081, ge=1, le=65535, description="Port of the public site.")
    device_port: int = Field(default=8444, ge=1, le=65535, description="HTTPS port for devices: EST, DDI, TUF.")
    mqtt_port: int = Field(default=8883, ge=1, le=65535, description="MQTT over mutual TLS port.")
    console_url: str = Field(default="", description="Address of the console as staff type it.")
    public_url: str = Field(default="", description="Address of the public site as owners type it.")
    device_url: str = Field(default="", description="Address that devices use for HTTPS.")
    tls_names: tuple[str, ...] = Field(
        default=("localhost", "127.0.0.1"), description="Names and addresses in our server certificates."
    )
    smtp_host: str = Field(default="127.0.0.1", description="Mail server for notices.")
    smtp_port: int = Field(default=1025, ge=1, le=65535, description="Port of that mail server.")
    smtp_tls: bool = Field(default=False, description="Require STARTTLS; always on unless the server is on loopback.")
    mail_from: str = Field(default="security@careful.invalid", description="Sender of security notices.")
    maker_name: str = Field(default="The maker", description="Your name, as owners know it, in notices and CSAF.")
    certificate_days: int = Field(default=30, ge=1, le=825, description="Life of a device certificate, days.")
    renew_grace_days: int = Field(default=30, ge=0, le=365, description="Days after expiry in which renewal works.")
    enrolment_token_hours: int = Field(default=72, ge=1, le=8760, description="Life of an enrolment token, hours.")
    session_idle_minutes: int = Field(default=30, ge=1, le=60, description="A staff session ends after this idleness.")
    session_hours: int = Field(default=12, ge=1, le=24, description="A staff session ends after this, always.")
    ci_issuers_inside: tuple[str, ...] = Field(
        default=(),
        description="Hosts in your own network that vouch for CI jobs; others are asked at public addresses only.",
    )
    ci_issuer_ca: str = Field(
        default="", description="File with the CA of those who vouch for CI jobs; empty: the machine's."
    )
    oidc_issuer: str = Field(
        default="",
        description="Identity provider for staff, letter by letter as it names itself; empty: none.",
    )
    oidc_client: str = Field(default="", description="Our client id at that provider.")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="Its secret; empty for a public client.")
    oidc_groups_claim: str = Field(default="groups", description="Claim of the ID token that lists a person's groups.")
    oidc_roles: tuple[str, ...] = Field(
        default=(), description="Roles that groups give, as group=role; whoever has none does not get in."
    )
    oidc_ca: str = Field(default="", description="File with the CA of the provider; empty: the machine's.")
    breached_passwords: str = Field(
        default="",
        description="SHA-1 of breached passwords: a folder of k-anonymous ranges or one sorted file; empty: none.",
    )
    feed_max_age_hours: int = Field(
        default=24, ge=1, le=720, description="A feed older than this turns 'no known flaw' into 'not known'."
    )
    feed_sync_hours: int = Field(
        default=12, ge=0, le=720, description="What `careful feeds sync` fetched, the worker fetches again; 0: never."
    )
    device_http_port: int = Field(
        default=0, ge=0, le=65535, description="Port for release images by plain HTTP, for devices without TLS; 0: off."
    )
    device_proxies: tuple[str, ...] = Field(
        default=(),
        description="Addresses or networks of proxies whose word on a device's certificate is believed.",
    )
    poll_seconds: int = Field(default=300, ge=1, le=86399, description="How often devices are told to poll, seconds.")
    silence_minutes: int = Field(default=30, ge=1, le=43200, description="A device unheard for this long is silent.")
    gateways: int = Field(default=1, ge=1, le=64, description="MQTT gateway processes, at best one for each core.")
    device_processes: int = Field(
        default=1, ge=1, le=64, description="Processes that serve devices over HTTPS, at best one for each core."
    )
    inbox: str = Field(
        default="",
        description="Empty: a file in the data folder. Else a JetStream cluster, as nats://a:4222,b:4222,c:4222 or tls://...",
    )
    inbox_user: str = Field(default="", description="User of the NATS account that holds the inbox.")
    inbox_password: SecretStr = Field(default=SecretStr(""), description="That user's password.")
    inbox_ca: str = Field(default="", description="File with the CA of the NATS servers; empty: the machine's.")
    inbox_certificate: str = Field(default="", description="File with our certificate for NATS; empty: none.")
    inbox_key: str = Field(default="", description="File with its key.")
    inbox_replicas: int = Field(
        default=3, ge=1, le=5, description="Copies of each message in the cluster; fewer than 3 is for trying out."
    )
    inbox_bytes: int = Field(
        default=10 << 30,
        ge=1 << 20,
        description="Size of the stream, bytes; a full one refuses, and devices send again.",
    )
    bulk_read_devices: int = Field(
        default=20, ge=1, le=100_000, description="Devices whose personal values one person may read in ten minutes."
    )
    trap_domain: str = Field(
        default="",
        pattern=r"^(([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})?$",
        description="A domain of yours that nobody uses: addresses in it, in every de-identified set, tell who writes.",
    )
    break_glass_records: int = Field(
        default=200, ge=10, le=100_000, description="Records one person may open in ten minutes by break-glass."
    )
    epoch_days: int = Field(
        default=30, ge=1, le=365, description="Days until the key that wraps customers' keys is replaced and destroyed."
    )
    epoch_keys: str = Field(
        default="",
        description="Where those keys are: a folder outside backups (empty: in the data folder) or a PKCS#11 address.",
    )
    owner_idle_minutes: int = Field(
        default=15, ge=2, le=60, description="An owner's visit to their page ends after this idleness, minutes."
    )
    inbox_days: int = Field(default=30, ge=1, le=3650, description="Days that readings are kept in the inbox.")
    signing_token: str = Field(
        default="", description="PKCS#11 URI of a token that holds signing keys of the server; see docs/keys.md."
    )
    artifact_bytes: int = Field(default=1 << 30, ge=1, description="Largest release image taken, bytes.")
    delta_bytes: int = Field(
        default=256 << 20,
        ge=0,
        description="Largest image for which deltas are made, bytes; it takes ten times as much memory. 0: none.",
    )
    artifact_delivery: Literal["app", "x-accel", "x-sendfile"] = Field(
        default="app",
        description="Who sends files to devices: app (we do), x-accel (nginx), x-sendfile (other proxies).",
    )
    artifact_prefix: str = Field(
        default="/careful-artifacts/", description="Address of nginx's internal location for files (x-accel)."
    )
    artifact_bucket: str = Field(
        default="", description="S3 bucket (s3://bucket/prefix) from which devices fetch by signed links; empty: none."
    )
    s3_endpoint: str = Field(default="", description="Address of an S3-compatible server; empty: Amazon's.")
    s3_region: str = Field(default="us-east-1", description="Region of the bucket.")
    s3_key_id: str = Field(default="", description="Access key id for the bucket.")
    s3_secret: SecretStr = Field(default=SecretStr(""), description="Secret key for the bucket.")
    link_seconds: int = Field(
        default=300, ge=10, le=604800, description="Life of a signed link into the bucket, seconds."
    )
    download_at_once: int = Field(
        default=64,
        ge=1,
        le=10000,
        description="Downloads at once on this machine; further devices are asked to come back.",
    )
    download_rate: int = Field(default=0, ge=0, description="Bytes per second for each download; 0: no limit.")
    polls_per_second: int = Field(
        default=300,
        ge=1,
        description="Polls per second, over all processes, above which devices are told to poll less often.",
    )

    page_proxies: tuple[str, ...] = Field(
        default=("127.0.0.1", "::1"),
        description="Addresses or networks of proxies whose word on a visitor's address is believed (X-Forwarded-For).",
    )
    rate_sign_in: int = Field(default=120, ge=0, description="Ways in tried from one address in a minute; 0: no limit.")
    rate_change: int = Field(default=600, ge=0, description="Forms sent to the console by one address in a minute.")
    rate_page: int = Field(default=3000, ge=0, description="Pages of the console read by one address in a minute.")
    rate_api: int = Field(default=6000, ge=0, description="Calls of the API by one address in a minute.")
    rate_public: int = Field(default=1200, ge=0, description="Public pages read by one address in a minute.")
    rate_public_form: int = Field(default=60, ge=0, description="Forms sent to the public site, likewise.")

    quarantine_percent: float = Field(
        default=1.0, ge=0, le=100, description="Share of a product's devices cut off in an hour without a person, %."
    )
    quarantine_least: int = Field(
        default=5, ge=0, le=100000, description="Devices of a product that may be cut off so in any case, in an hour."
    )

    @model_validator(mode="after")
    def _fill_addresses(self) -> Self:
        if self.host in {"0.0.0.0", "::"} and not (self.console_url and self.public_url and self.device_url):  # noqa: S104 (refused, not bound)
            raise ValueError(f"console_url, public_url and device_url set, as host is {self.host}")
        if self.database and not self.database.startswith("postgresql+psycopg://"):
            raise ValueError("database to begin with postgresql+psycopg://, or empty for SQLite in the data folder")
        if self.inbox:
            self._check_inbox()
        self._check_provider()
        for name in ("device_proxies", "page_proxies"):
            for network in getattr(self, name):
                try:
                    ip_network(network)
                except ValueError:
                    raise ValueError(f"addresses or networks in {name}, not {network!r}") from None
        if self.data.exists() and not self.data.is_dir():
            raise ValueError(f"data to name a folder; {self.data} is a file")
        scheme = "http" if self.host in LOOPBACK else "https"
        # On loopback the console is `localhost` (passkeys want a name) and the public site `127.0.0.1`: two origins
        # whose cookies never meet.
        console_host, public_host = ("localhost", "127.0.0.1") if self.host in LOOPBACK else (self.host, self.host)
        filled = {
            "console_url": self.console_url or f"{scheme}://{console_host}:{self.console_port}",
            "public_url": self.public_url or f"{scheme}://{public_host}:{self.public_port}",
            "device_url": self.device_url or f"https://{console_host}:{self.device_port}",
        }
        for name, value in filled.items():
            parts = urlsplit(value)
            if parts.scheme not in {"http", "https"} or not parts.netloc:
                raise ValueError(f"an http or https address in {name}, not {value!r}")
            object.__setattr__(self, name, value.rstrip("/"))
        return self

    def _check_provider(self) -> None:
        parts = urlsplit(self.oidc_issuer)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        if self.oidc_issuer and not (safe and parts.hostname and not parts.query and not parts.fragment):
            raise ValueError(f"an https address in oidc_issuer, not {self.oidc_issuer!r}")
        if self.oidc_issuer and not self.oidc_client:
            raise ValueError("oidc_client set, as oidc_issuer is")

    def _check_inbox(self) -> None:
        if not self.inbox.startswith(("nats://", "tls://")) or not all(
            urlsplit(one).hostname for one in self.inbox_servers()
        ):
            raise ValueError("inbox to be empty, or a cluster's servers: nats://a:4222,b:4222,c:4222 (tls:// with TLS)")
        if not self.database:
            raise ValueError("database to name a PostgreSQL, as inbox is a cluster: workers move the readings there")
        if "@" in self.inbox:
            raise ValueError("user and password in inbox_user and inbox_password, not in inbox")

    @property
    def inbox_tls(self) -> bool:
        """Whether the cluster is reached by TLS."""
        return self.inbox.startswith("tls://")

    def inbox_servers(self) -> list[str]:
        """Return the address of each server of the cluster."""
        scheme, _, rest = self.inbox.partition("://")
        return [f"{scheme}://{one.rpartition('://')[2].strip()}" for one in rest.split(",")]

    @property
    def on_loopback(self) -> bool:
        """Whether we are served to this machine only, where plain HTTP is safe."""
        return self.host in LOOPBACK

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic's signature; no .env file is read)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic's signature)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments first, then the environment, then careful.toml in the data folder."""
        given = env_settings() | init_settings()
        data = Path(str(given.get("data", "careful-data")))
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, data / "careful.toml"))


def read_settings(**given: Any) -> Settings:  # noqa: ANN401 (settings of any type; pydantic checks them)
    """Return the settings with `given` over environment and file. Raises Invalid, naming each setting that is wrong."""
    try:
        return Settings(**given)
    except ValidationError as wrong:
        problems = tuple(_problem(given, error) for error in wrong.errors(include_url=False))
        raise Invalid("The settings cannot be used.", do="docs/settings.md lists them.", problems=problems) from wrong
    except tomllib.TOMLDecodeError as wrong:
        raise Invalid(f"careful.toml in the data folder is no TOML: {wrong}.", do="Mend that line.") from wrong
    except (SettingsError, OSError, UnicodeDecodeError) as wrong:
        raise Invalid(f"The settings cannot be read: {wrong}.", do="docs/settings.md shows their form.") from wrong


def _problem(given: dict[str, Any], error: Any) -> Problem:  # noqa: ANN401 (pydantic's ErrorDetails)
    name = str(error["loc"][0]) if error["loc"] else ""
    expected = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if not name:  # said about several settings together
        return Problem(where="settings", expected=expected)
    if name not in Settings.model_fields:
        return Problem(where=name, expected="a setting that Careful knows", do="Remove it from careful.toml.")
    where = f"--{name}" if name in given else f"CAREFUL_{name.upper()} (or {name} in careful.toml)"
    return Problem(where=where, expected=expected, found=repr(error["input"]))
