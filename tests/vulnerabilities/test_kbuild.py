"""The makefiles of a kernel, small and true to the real ones: what is compiled, and why what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import Invalid
from careful.vulnerabilities.kbuild import built, read_config

CONFIG = """
CONFIG_ARM64=y
CONFIG_64BIT=y
CONFIG_NET=y
CONFIG_BRIDGE=m
CONFIG_KVM=y
CONFIG_LOCALVERSION="-x"
# CONFIG_VETH is not set
# CONFIG_WLAN is not set
# CONFIG_SMP is not set
"""
TREE = {
    "Makefile": (
        "include scripts/Kbuild.include\nobj-y += $(ARCH_CORE)\n"
        "core-y := kernel/ arch/$(SRCARCH)/\nnet-y := net/\n"
    ),
    "Kbuild": "obj-y += drivers/\nobj-$(CONFIG_ODD)$(CONFIG_OTHER) += strange/\n",
    "arch/arm64/Makefile": "libs-y := arch/arm64/lib/ $(libs-y)\nboot := arch/arm64/boot\n",
    "arch/arm64/Kbuild": "obj-y += kernel/ kvm/\n",
    "arch/arm64/kernel/Makefile": "obj-y := entry.o\nobj-$(CONFIG_SMP) += smp.o\n",
    "arch/arm64/lib/Makefile": "lib-y := memcpy.o\n",
    "arch/arm64/kvm/Makefile": "KVM=../../../virt/kvm\nobj-$(CONFIG_KVM) += kvm.o\nkvm-y += $(KVM)/kvm_main.o arm.o\n",
    "kernel/Makefile": "obj-y = fork.o \\\n\tsched/   # and more\nobj-$(CONFIG_KEXEC) += kexec.o\n",
    "kernel/sched/Makefile": "obj-y += build_policy.o\n",
    "kernel/sched/build_policy.c": '#include "sched.h"\n#include "rt.c"\n',
    "drivers/Makefile": "obj-$(CONFIG_NET) += net/\nobj-$(CONFIG_GPU) += gpu/\nobj-y += odd/ net/xfs/\n",
    "drivers/net/Makefile": (
        "obj-$(CONFIG_VETH) += veth.o\nobj-$(CONFIG_WLAN) += wireless/\n"
        "obj-$(CONFIG_TUN) += tun.o\ntun-y := tap.o tun_main.o\n"
        "ifdef CONFIG_SMP\nobj-y += many.o\nelse\nobj-y += one.o\nendif\n"
        "ifeq ($(CONFIG_NET),y)\nobj-y += loop.o\nendif\n"
    ),
    "drivers/odd/Makefile": "obj-y += a$(shell ls)\nobj-$(CONFIG_VETH) += b.o\n",
    "drivers/net/xfs/Makefile": (
        "cflags-$(CONFIG_VETH) += $(call cc-option,-m1)\nccflags-y += $(CC_FLAGS_FTRACE)\nalways-y += $(shell ls)\n"
        "obj-y += xfs.o xfs_$(BITS).o\nxfs-y += $(addprefix lib/, tree.o \\\n  leaf.o)\nobj-$(CONFIG_VETH) += off.o\n"
        "include $(obj)/.made.d\n"
    ),
    "net/Makefile": "obj-y += core/\nobj-$(subst m,y,$(CONFIG_BRIDGE)) += bridge/\n",
    "net/core/Makefile": "obj-y := dev.o\nsetup-y += early.o\n",
    "net/bridge/Kbuild": (
        "obj-$(CONFIG_BRIDGE) += bridge.o\nbridge-y := br.o br_if.o\nbridge-$(CONFIG_VLAN) += br_vlan.o\n"
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def kernel():
    return built(read_config(CONFIG), TREE.get)


@pytest.mark.parametrize(
    ("file", "why"),
    [
        pytest.param("kernel/fork.c", "", id="built in"),
        pytest.param("arch/arm64/kernel/entry.S", "", id="the architecture's own"),
        pytest.param("arch/arm64/lib/memcpy.S", "", id="its library, from the root"),
        pytest.param("arch/arm64/kernel/smp.c", "CONFIG_SMP is off", id="an option of it"),
        pytest.param("arch/x86/kvm/x86.c", "this kernel is for arm64", id="another architecture"),
        pytest.param("virt/kvm/kvm_main.c", "", id="from another directory, by a variable"),
        pytest.param("kernel/sched/rt.c", "", id="included by a source"),
        pytest.param("kernel/kexec.c", "CONFIG_KEXEC is off", id="an option that is not named"),
        pytest.param("drivers/net/veth.c", "CONFIG_VETH is off", id="an option that is not set"),
        pytest.param("drivers/net/wireless/ath/main.c", "CONFIG_WLAN is off", id="deep in a directory left out"),
        pytest.param("drivers/net/tap.c", "CONFIG_TUN is off", id="a part of what is not built"),
        pytest.param("drivers/net/many.c", "CONFIG_SMP is off", id="under a condition"),
        pytest.param("drivers/net/one.c", "", id="its other branch"),
        pytest.param("drivers/net/loop.c", "", id="a condition that holds"),
        pytest.param("drivers/odd/a.c", "", id="what cannot be read counts as built"),
        pytest.param("drivers/odd/b.c", "", id="and so does all that its makefile may build"),
        pytest.param("drivers/net/xfs/lib/leaf.c", "", id="a part by a function"),
        pytest.param("drivers/net/xfs/off.c", "CONFIG_VETH is off", id="flags and what is made beside hide nothing"),
        pytest.param("strange/a.c", "", id="two options in one name"),
        pytest.param("net/bridge/br_if.c", "", id="a part of a module"),
        pytest.param("net/bridge/br_vlan.c", "CONFIG_VLAN is off", id="a part by option"),
        pytest.param("net/core/early.c", "", id="a list of another kind"),
        pytest.param("net/nowhere.c", "", id="no makefile names it"),
        pytest.param("include/linux/net.h", "", id="a header"),
    ],
)
def test_why_a_file_is_not_compiled(kernel, file, why):
    assert kernel.why_not(file) == why


def test_the_width_of_a_word_is_in_names(kernel):
    assert "drivers/net/xfs/xfs_64" in kernel.compiled


@pytest.mark.parametrize(
    ("config", "tree", "says"),
    [
        pytest.param("hello", TREE, "no kernel configuration", id="no configuration"),
        pytest.param("CONFIG_NET=y", TREE, "no architecture", id="a part of one"),
        pytest.param(CONFIG, {}, "no kernel source", id="no source"),
        pytest.param(CONFIG, {"Makefile": "all:\n"}, "build nothing", id="another makefile"),
    ],
)
def test_what_is_refused(config, tree, says):
    with pytest.raises(Invalid, match=says):
        built(read_config(config), tree.get)


def test_directories_in_a_circle_end():
    tree = {"Makefile": "obj-y += a/\n", "a/Makefile": "obj-y += ../a/ b/ x.o\n", "a/b/Makefile": "obj-y += ../\n"}
    assert built({"X86": "y"}, tree.get).compiled == {"a/x"}


@given(st.text(alphabet="obj-y+=:$()CONFIG_NET m.\\\n\t#/ifdeqls", max_size=200))
def test_any_makefile_ends(text):
    kernel = built({"X86": "y"}, {"Makefile": f"obj-y += a.o\n{text}\nobj-y += z.o", "include": text}.get)
    assert kernel.why_not("a.c") == ""
