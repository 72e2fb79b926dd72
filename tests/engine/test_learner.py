"""One optimizer update in torch, against what plain torch does, and against numbers that are not finite."""

from __future__ import annotations

import copy
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.device import OF_SEVERAL, choose_compile, choose_device, choose_precision, missing_for_compile
from engine.errors import LabError
from engine.learner import TorchLearner, flatten_buffers, load_weights, save_weights
from engine.optimizers import OPTIMIZERS, split_parameters
from engine.settings import TrainSettings
from engine.task import Loss
from models.norms import NORMS, norm_factory


class Regression:
    """Just enough of a task: a small network with a batch norm, squared error."""

    def model(self, settings: Any, artifacts: Any, *, blank: bool = False) -> nn.Module:
        return nn.Sequential(nn.Linear(4, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))

    def loss(self, model: nn.Module, batch: tuple[Tensor, Tensor]) -> Loss:
        inputs, targets = batch
        return Loss(
            F.mse_loss(model(inputs), targets, reduction="sum"), len(inputs), {"rows": torch.tensor(len(inputs))}
        )


def learner(**changes: Any) -> TorchLearner:
    built = TorchLearner(TrainSettings.model_validate({"device": "cpu", "lr": 0.1, "momentum": 0.9, **changes}))
    built.build(Regression(), None)  # type: ignore[arg-type]
    return built


def batch(rows: int = 16, seed: int = 0) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    inputs = torch.randn(rows, 4, generator=draw)
    return inputs, inputs.sum(1, keepdim=True)


def state(built: TorchLearner) -> list[Tensor]:
    return [each.detach().clone() for each in (*built.model.parameters(), *built.model.buffers())]


def same(ours: list[Tensor], theirs: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_updates_are_plain_torchs(name: str, nesterov: bool) -> None:
    built = learner(optimizer=name, weight_decay=0.01, nesterov=nesterov)
    oracle = copy.deepcopy(built.model)
    classes = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    options = {"momentum": 0.9, "nesterov": nesterov} if name == "sgd" else {}
    plain = classes[name](oracle.parameters(), lr=0.1, weight_decay=0.01, **options)
    for number in range(5):
        built.update([batch(seed=number)], 0.1)
        inputs, targets = batch(seed=number)
        F.mse_loss(oracle(inputs), targets).backward()
        plain.step()
        plain.zero_grad()
    for ours, theirs in zip(built.model.state_dict().values(), oracle.state_dict().values(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_accumulated_unequal_batches_give_the_gradient_of_their_union() -> None:
    class Plain(Regression):
        def model(self, settings: Any, artifacts: Any, *, blank: bool = False) -> nn.Module:
            return nn.Linear(4, 1)  # no batch norm: its statistics would differ

    inputs, targets = batch(20)
    whole, parts = learner(accumulate=3), learner(accumulate=3)
    for built in (whole, parts):
        built.build(Plain(), None)  # type: ignore[arg-type]
    whole.update([(inputs, targets)], 0.1)
    cuts = [(inputs[:8], targets[:8]), (inputs[8:16], targets[8:16]), (inputs[16:], targets[16:])]
    parts.update(cuts, 0.1)
    for ours, theirs in zip(state(parts), state(whole), strict=True):
        torch.testing.assert_close(ours, theirs)
    assert parts.averages()[0]["loss"] == pytest.approx(whole.averages()[0]["loss"])


def test_gradients_are_clipped_to_the_norm_asked_for() -> None:
    built = learner(clip_norm=0.01, momentum=0.0)
    before = [each.detach().clone() for each in built.model.parameters()]
    built.update([batch()], 1.0)
    moved = torch.cat([(a - b).detach().flatten() for a, b in zip(before, built.model.parameters(), strict=True)])
    assert float(moved.norm()) == pytest.approx(0.01, rel=1e-3)
    assert built.averages()[0]["grad_norm"] > 0.01


class TestNotFinite:
    """A loss or gradient that is NaN or infinite reaches nothing and is counted."""

    @pytest.mark.parametrize("poison", [float("nan"), float("inf")])
    @pytest.mark.parametrize("first", [True, False], ids=["first update", "later update"])
    @pytest.mark.parametrize("name", OPTIMIZERS)
    def test_weights_momenta_and_running_statistics_stay(self, name: str, first: bool, poison: float) -> None:
        built = learner(optimizer=name, ema_decay=0.9)
        untouched = learner(optimizer=name, ema_decay=0.9)
        if not first:
            for each in (built, untouched):
                each.update([batch(seed=1)], 0.1)
        before = [each for each in state(built) if each.is_floating_point()]
        inputs, targets = batch()
        inputs[3, 2] = poison
        built.update([(inputs, targets)], 0.1)
        assert same([each for each in state(built) if each.is_floating_point()], before)
        for each in (built, untouched):
            each.update([batch(seed=2)], 0.1)
        assert same([*built.model.parameters()], [*untouched.model.parameters()])

    def test_it_is_counted_until_somebody_looks(self) -> None:
        built = learner()
        bad = (torch.full((16, 4), float("nan")), torch.zeros(16, 1))
        for each in (batch(), bad, bad, batch(), bad):
            built.update([each], 0.1)
        health = built.health()
        assert (health.skipped, health.streak) == (3, 1)

    def test_running_averages_leave_it_out(self) -> None:
        built, clean = learner(), learner()
        built.update([batch()], 0.1)
        built.update([(torch.full((16, 4), float("nan")), torch.zeros(16, 1))], 0.1)
        clean.update([batch()], 0.1)
        assert built.averages() == clean.averages()

    def test_a_gradient_that_overflows_while_the_loss_is_finite_is_caught(self) -> None:
        class Steep(Regression):
            def loss(self, model: nn.Module, batch: tuple[Tensor, Tensor]) -> Loss:
                outputs = model(batch[0])
                return Loss((outputs * 0).sum().sqrt(), len(batch[0]))  # the root of zero has no finite slope

        built = learner()
        built.build(Steep(), None)  # type: ignore[arg-type]
        before = state(built)
        built.update([batch()], 0.1)
        assert built.health().skipped == 1
        assert same(state(built)[:5], before[:5])


class TestAverage:
    def test_it_is_the_exponential_average_with_its_warm_up(self) -> None:
        built = learner(ema_decay=0.5)
        expected = [each.detach().clone() for each in built.model.parameters()]
        for number in range(1, 6):
            built.update([batch(seed=number)], 0.1)
            decay = min(0.5, (1 + number) / (10 + number))
            expected = [
                decay * old + (1 - decay) * new.detach()
                for old, new in zip(expected, built.model.parameters(), strict=True)
            ]
        for ours, theirs in zip(built.evaluation_model().parameters(), expected, strict=True):
            torch.testing.assert_close(ours, theirs)

    def test_without_it_the_network_itself_is_evaluated(self) -> None:
        built = learner()
        assert built.evaluation_model() is built.model


@pytest.mark.parametrize("average", [0.0, 0.9])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_saved_and_loaded_it_goes_on_to_the_same_bits(tmp_path: Path, name: str, average: float) -> None:
    whole, part = learner(optimizer=name, ema_decay=average), learner(optimizer=name, ema_decay=average)
    for number in range(3):
        for each in (whole, part):
            each.update([batch(seed=number)], 0.1)
    part.save(tmp_path)
    resumed = learner(optimizer=name, ema_decay=average)
    resumed.load(tmp_path)
    assert resumed.averages() == whole.averages()
    for number in range(3, 6):
        for each in (whole, resumed):
            each.update([batch(seed=number)], 0.1)
    assert same(state(resumed), state(whole))
    for ours, theirs in zip(
        resumed.evaluation_model().state_dict().values(), whole.evaluation_model().state_dict().values(), strict=True
    ):
        assert torch.equal(ours, theirs)


def test_the_state_of_dropouts_random_numbers_is_part_of_it(tmp_path: Path) -> None:
    built = learner()
    built.save(tmp_path)
    expected = torch.rand(5)
    torch.rand(100)
    built.load(tmp_path)
    assert torch.equal(torch.rand(5), expected)


def test_the_same_seed_gives_the_same_network_and_another_another() -> None:
    assert same(state(learner(seed=3)), state(learner(seed=3)))
    assert not same(state(learner(seed=3)), state(learner(seed=4)))


class TestWeightDecay:
    def test_norms_and_biases_can_go_without(self) -> None:
        model = Regression().model(None, None)
        decayed, free = split_parameters(model, decay_norms_and_biases=False)
        assert [each.ndim for each in decayed] == [2, 2]
        assert all(each.ndim == 1 for each in free)
        assert split_parameters(model, decay_norms_and_biases=True)[1] == []

    @pytest.mark.parametrize("name", NORMS)
    def test_rho_never_has_any(self, name: str) -> None:
        norm = norm_factory(name, 8)(16)
        _, free = split_parameters(nn.Sequential(norm), decay_norms_and_biases=True)
        named = [key for key, value in norm.named_parameters() if any(value is each for each in free)]
        assert named == (["rho"] if name == "bin" else [])


def test_a_module_with_bounds_is_brought_back_within_them_after_every_update() -> None:
    class Blend(Regression):
        def model(self, settings: Any, artifacts: Any, *, blank: bool = False) -> nn.Module:
            return nn.Sequential(nn.Conv2d(1, 16, 1), norm_factory("bin", 8)(16), nn.Flatten())

        def loss(self, model: nn.Module, batch: tuple[Tensor, Tensor]) -> Loss:
            return Loss(model(batch[0].view(-1, 1, 2, 2)).square().sum(), len(batch[0]))

    built = learner(momentum=0.0)
    built.build(Blend(), None)  # type: ignore[arg-type]
    for number in range(3):
        built.update([batch(seed=number)], 50.0)
        rho = built.model[1].rho  # type: ignore[index]
        assert rho.min() >= 0
        assert rho.max() <= 1


def test_flat_buffers_are_the_modules_own() -> None:
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2), nn.BatchNorm1d(2))
    flat = flatten_buffers(model)
    assert flat.tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 1, 1]
    model.train()(torch.randn(8, 3))
    assert torch.equal(flat, torch.cat([each for each in model.buffers() if each.is_floating_point()]))
    flat.fill_(5.0)
    assert model[0].running_mean.tolist() == [5, 5, 5]


class TestWeightsOnDisk:
    def test_channels_last_and_shared_tensors_survive(self, tmp_path: Path) -> None:
        model = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
        save_weights(model, tmp_path / "weights")
        twin = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
        load_weights(twin, tmp_path / "weights")
        assert torch.equal(twin.weight, model.weight)
        assert twin.weight.is_contiguous(memory_format=torch.channels_last)

    @pytest.mark.parametrize("content", [None, b"garbage", b""])
    def test_unreadable_ones_are_named(self, tmp_path: Path, content: bytes | None) -> None:
        path = tmp_path / "weights"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(LabError) as refusal:
            load_weights(nn.Linear(2, 2), path)
        assert str(path) in str(refusal.value.got)

    def test_those_of_another_network_are_refused(self, tmp_path: Path) -> None:
        save_weights(nn.Linear(3, 3), tmp_path / "weights")
        with pytest.raises(LabError, match="cannot be read"):
            load_weights(nn.Linear(2, 2), tmp_path / "weights")

    def test_training_state_that_would_run_code_is_not_loaded(self, tmp_path: Path) -> None:
        built = learner()
        built.save(tmp_path)
        torch.save({"model": Exploit()}, tmp_path / "training.pt")
        with pytest.raises(Exception, match=r"weights_only|Unsupported"):
            built.load(tmp_path)
        assert not Path("exploited").exists()


class Exploit:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("exploited"),)


class TestPlace:
    def test_a_gpu_asked_for_is_never_replaced_by_the_cpu(self) -> None:
        with pytest.raises(LabError) as refusal:
            choose_device("cuda")
        assert "labapp doctor" in str(refusal.value.hint)

    @pytest.mark.parametrize(
        ("capability", "built", "usable"),
        [
            ((9, 0), ["sm_80", "sm_90"], True),
            ((8, 9), ["sm_80", "sm_90"], True),  # machine code runs on later cards of its generation
            ((7, 0), ["sm_75", "sm_80"], False),
            ((12, 0), ["sm_90"], False),
            ((12, 0), ["sm_90", "compute_90"], True),  # the intermediate language on all later ones
            ((9, 0), ["sm_90a"], True),
            ((7, 0), [], True),  # a build that does not say
        ],
    )
    def test_a_card_that_this_build_of_torch_does_not_know_is_refused_at_once(
        self, monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], built: list[str], usable: bool
    ) -> None:
        said = {"get_device_capability": capability, "get_arch_list": built, "get_device_name": "Card"}
        for name, value in {**said, "is_available": True, "device_count": 1}.items():
            monkeypatch.setattr(torch.cuda, name, lambda *device, value=value: value)
        monkeypatch.setattr(torch.version, "cuda", "13.0")
        for wanted in ("auto", "cuda", "cuda:0"):
            if usable:
                assert choose_device(wanted) == torch.device("cuda:0")
            else:
                with pytest.raises(LabError, match="cannot use this GPU") as refusal:
                    choose_device(wanted)
                assert "TORCH_BACKEND" in str(refusal.value.hint)

    def test_what_other_launchers_left_behind_makes_it_no_part_of_several(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in OF_SEVERAL:
            monkeypatch.setenv(name, "4")
        assert learner().accelerator.num_processes == 1

    def test_auto_without_a_gpu_is_the_cpu(self) -> None:
        assert choose_device("auto").type == "cpu"

    def test_fp16_needs_a_gpu_and_says_so(self) -> None:
        with pytest.raises(LabError, match="fp16"):
            choose_precision("fp16", torch.device("cpu"))

    def test_bf16_computes_the_loss_close_to_fp32(self) -> None:
        losses = []
        for precision in ("fp32", "bf16"):
            built = learner(precision=precision)
            built.update([batch()], 0.1)
            losses.append(built.averages()[0]["loss"])
            assert all(each.dtype == torch.float32 for each in built.model.parameters())
        assert losses[0] == pytest.approx(losses[1], rel=0.02)
        assert losses[0] != losses[1]


def test_additive_statistics_add_up(tmp_path: Path) -> None:
    built = learner()
    for rows in (4, 6):
        built.update([batch(rows)], 0.1)
    _, seen = built.averages()
    assert {name: int(value) for name, value in seen.items()} == {"rows": 10}
    built.start_epoch()
    assert built.averages()[1] == {}


class BreaksForward(nn.Module):
    """What a compiler makes that cannot work here."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        self.model(x)  # running statistics have seen it by then
        raise RuntimeError("broken")


class BreaksBackward(BreaksForward):
    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.model(x)
        found.register_hook(self.fail)
        return found

    def fail(self, grad: Tensor) -> None:
        raise RuntimeError("broken")


class BreaksAtSmaller(BreaksForward):
    """At an epoch's last batch, which is smaller than the first: each size is compiled by itself."""

    largest = 0

    def forward(self, x: Tensor) -> Tensor:
        self.largest = max(self.largest, len(x))
        return super().forward(x) if len(x) < self.largest else cast(Tensor, self.model(x))


class TestCompile:
    HERE = missing_for_compile(torch.device("cpu"))

    @pytest.mark.skipif(HERE is not None, reason=f"no {HERE} here")
    @pytest.mark.filterwarnings("default")  # of torch's compiler, about itself
    def test_compiled_updates_are_those_that_are_not(self) -> None:
        eager, compiled = learner(), learner(compile="on")
        for seed in range(3):
            for built in (eager, compiled):
                built.update([batch(seed=seed)], 0.1)
        assert compiled.forward is not compiled.model
        for ours, theirs in zip(state(compiled), state(eager), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)

    def test_a_network_that_compiles_its_steps_is_not_compiled_as_a_whole(self) -> None:
        built, said = learner(), list[bool]()
        built.stepping = [SimpleNamespace(compile_steps=said.append)]  # type: ignore[list-item]
        built._compile(True)
        assert said == [True]
        assert built.forward is built.model

    def test_auto_goes_on_without_what_fails_forward_or_backward(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("engine.learner.choose_compile", lambda wanted, device: wanted != "off")
        for broken in (BreaksForward, BreaksBackward):
            monkeypatch.setattr(torch, "compile", broken)
            eager, compiled = learner(), learner(compile="auto")
            for built in (eager, compiled):
                built.update([batch(seed=1), batch(seed=2)], 0.1)
            assert "torch.compile does not work here, going on without it: broken" in capsys.readouterr().out
            assert not compiled.compiles
            for ours, theirs in zip(state(compiled), state(eager), strict=True):
                if ours.is_floating_point():  # the count of batches is used by nobody
                    torch.testing.assert_close(ours, theirs)
            with pytest.raises(RuntimeError, match="broken"):
                learner(compile="on").update([batch(seed=1)], 0.1)

    def test_auto_goes_on_without_what_fails_at_a_later_size(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("engine.learner.choose_compile", lambda wanted, device: wanted != "off")
        monkeypatch.setattr(torch, "compile", BreaksAtSmaller)
        eager, compiled = learner(), learner(compile="auto")
        for size in (8, 4):
            for built in (eager, compiled):
                built.update([batch(size, seed=1)], 0.1)
            assert compiled.compiles == (size == 8)
        assert "going on without it: broken" in capsys.readouterr().out
        for ours, theirs in zip(state(compiled), state(eager), strict=True):
            if ours.is_floating_point():
                torch.testing.assert_close(ours, theirs)

    def test_a_gpu_without_room_is_not_blamed_on_the_compiler(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        class Full(BreaksForward):
            def forward(self, x: Tensor) -> Tensor:
                raise RuntimeError("CUDA error: out of memory")

        monkeypatch.setattr("engine.learner.choose_compile", lambda wanted, device: True)
        monkeypatch.setattr(torch, "compile", Full)
        with pytest.raises(RuntimeError, match="out of memory"):
            learner(compile="auto").update([batch()], 0.1)
        assert "torch.compile" not in capsys.readouterr().out

    def test_auto_does_without_where_something_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        cpu = torch.device("cpu")
        monkeypatch.setattr("engine.device.shutil.which", lambda name: None)
        assert missing_for_compile(cpu) == "C++ compiler"
        assert choose_compile("auto", cpu) is choose_compile("off", cpu) is False
        with pytest.raises(LabError, match="cannot work here") as refusal:
            choose_compile("on", cpu)
        assert "C++ compiler" in str(refusal.value.got)
        monkeypatch.setattr("engine.device.shutil.which", lambda name: "/usr/bin/" + name)
        monkeypatch.setattr("engine.device.sysconfig.get_paths", lambda: {"include": "/nowhere"})
        assert missing_for_compile(cpu) == "Python.h"
