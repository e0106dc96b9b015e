"""The learned-connectivity network: the published widths and counts; pruned networks compute what closed gates do."""

import math

import pytest
import torch

from reprise.models.connected import ConnectedNet, open_connections

WIDTHS = [35, 67, 134, 268, 332, 396, 792, 1584]
SIZES = [32, 30, 15, 15, 15, 13, 6, 6]


def count(parameters):
    return sum(p.numel() for p in parameters)


def small(**settings):
    torch.manual_seed(0)
    return ConnectedNet(width=4, hidden=16, **settings)


def test_the_published_widths_sizes_and_parameter_counts():
    with torch.device("meta"):
        model = ConnectedNet()
        unique = ConnectedNet(per_feature=True)
    assert [c.out_channels for c in model.connections] == WIDTHS
    assert model.sizes == SIZES
    assert model.hidden.in_features == 57_024
    assert count(model.layers.parameters()) == 356_544
    assert count([*model.hidden.parameters(), *model.output.parameters()]) == 29_201_930
    assert count(model.connections.parameters()) == 44
    assert [len(row) for row in model.gates()] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert count(unique.connections.parameters()) == 3_608
    assert count(model.parameters()) == 356_544 + 29_201_930 + 44


def test_what_flows_has_the_published_shapes():
    model, shapes = small(), []
    for connection in model.connections:
        connection.register_forward_hook(lambda _m, _i, out: shapes.append(tuple(out.shape[1:])))
    assert model(torch.randn(2, 3, 32, 32)).shape == (2, 10)
    assert [s[1:] for s in shapes] == [(side, side) for side in SIZES]
    assert [s[0] for s in shapes] == [c.out_channels for c in model.connections]


def test_the_published_start_is_a_gate_of_sigmoid_one():
    values = [float(v) for row in small().gates() for v in row.values()]
    assert values == pytest.approx([1 / (1 + math.exp(-1))] * 44)  # .731


@pytest.mark.parametrize("merge", ["concat", "sum", "max", "squeeze", "pad"])
@pytest.mark.parametrize("per_feature", [False, True])
def test_every_merge_trains_every_parameter(merge, per_feature):
    model = small(merge=merge, per_feature=per_feature, pooled=merge == "pad", dropout=(0.0, 0.0, 0.0))
    model(torch.randn(4, 3, 32, 32)).square().sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())


def everything():
    return [[True] * (i + 2) for i in range(8)]


def transplant(full, pruned):
    """Copies a full network's weights into one with fewer inputs, by cutting the channels that are gone."""

    def kept(i):
        widths = full.connections[i].channels
        starts = [sum(widths[:j]) for j in range(len(widths))]
        return [starts[j] + c for j in pruned.inputs[i] for c in range(widths[j])]

    with torch.no_grad():
        for i, layer in enumerate(pruned.layers):
            if layer is not None and hasattr(layer, "__len__"):
                weight = full.layers[i][0].weight
                layer[0].weight.copy_(weight if i == 0 else weight[:, kept(i - 1)])
        for i, connection in enumerate(pruned.connections):
            if connection is not None:
                connection.weights.copy_(full.connections[i].weights[pruned.inputs[i]])
        area = full.sizes[-1] ** 2
        columns = [c * area + p for c in kept(7) for p in range(area)]
        pruned.hidden.weight.copy_(full.hidden.weight[:, columns])
        pruned.hidden.bias.copy_(full.hidden.bias)
        pruned.output.load_state_dict(full.output.state_dict())


def close(full, allowed):
    """Closes gates of a full network exactly: sigmoid(-inf) is 0."""
    with torch.no_grad():
        for connection, row in zip(full.connections, allowed, strict=True):
            connection.weights[[j for j, kept in enumerate(row) if not kept]] = -torch.inf


def test_a_pruned_concatenation_computes_what_closed_gates_compute():
    allowed = everything()
    allowed[7][6] = allowed[7][0] = False  # the last merge feeds the dense layers alone
    full, pruned = small().eval(), small(allowed=allowed).eval()
    close(full, allowed)
    transplant(full, pruned)
    x = torch.randn(3, 3, 32, 32)
    torch.testing.assert_close(pruned(x), full(x), rtol=1e-4, atol=1e-5)
    assert count(pruned.parameters()) < count(full.parameters())
    assert list(pruned.gates()[7]) == [1, 2, 3, 4, 5, 7, 8]


def test_sums_pruned_everywhere_compute_what_closed_gates_compute():
    allowed = everything()
    for merge, gone in ((0, 0), (1, 1), (2, 0), (2, 3), (4, 2), (5, 0), (5, 6), (6, 4), (7, 8), (7, 1)):
        allowed[merge][gone] = False  # a merge's latest input among them, so that sizes must not follow it
    full, pruned = small(merge="sum").eval(), small(merge="sum", allowed=allowed).eval()
    close(full, allowed)
    state = full.state_dict()
    for i, inputs in enumerate(pruned.inputs):
        state[f"connections.{i}.weights"] = state[f"connections.{i}.weights"][inputs]
    pruned.load_state_dict({name: state[name] for name in pruned.state_dict()})
    x = torch.randn(3, 3, 32, 32)
    torch.testing.assert_close(pruned(x), full(x), rtol=1e-4, atol=1e-5)


def test_layers_that_do_not_reach_the_output_are_not_built():
    allowed = everything()
    for i in range(8):
        allowed[i] = [j == i + 1 for j in range(i + 2)]  # the plain chain
    chain = small(allowed=allowed)
    assert [c.out_channels for c in chain.connections] == [4, 4, 4, 4, 8, 8, 8, 8]
    assert all(len(row) == 1 for row in chain.gates())
    allowed[7] = [j == 2 for j in range(9)]  # the last merge reads the second convolution
    short = small(allowed=allowed)
    assert [layer is None for layer in short.layers] == [False, False] + [True] * 6
    assert [len(row) for row in short.gates()] == [1, 0, 0, 0, 0, 0, 0, 1]
    assert short.hidden.in_features == 4 * 6 * 6
    assert short(torch.randn(2, 3, 32, 32)).shape == (2, 10)


def test_the_chain_at_full_width_is_the_mini_vgg_without_biases():
    with torch.device("meta"):
        chain = ConnectedNet(allowed=[[j == i + 1 for j in range(i + 2)] for i in range(8)])
    assert count(chain.parameters()) == 1_250_666 + 8  # and a gate per link


def test_open_connections_follow_the_threshold_and_keep_the_strongest():
    model = small(sigmoid=False)
    with torch.no_grad():
        for connection in model.connections:
            connection.weights.copy_(torch.linspace(-0.9, 0.8, len(connection.channels)))
    allowed = open_connections(model.gates(), 0.85)
    assert all(row == [True] + [False] * (len(row) - 1) for row in allowed)  # -0.9 is strong, too
    assert all(row == [True] + [False] * (len(row) - 1) for row in open_connections(model.gates(), 5.0))
    assert open_connections(model.gates(), 0.0) == everything()
    again = small(sigmoid=False, allowed=open_connections(model.gates(), 0.5))
    assert again(torch.randn(1, 3, 32, 32)).shape == (1, 10)


def test_a_twice_pruned_network_keeps_its_numbering():
    allowed = everything()
    allowed[7][4] = False
    model = small(allowed=allowed, per_feature=True)
    assert open_connections(model.gates(), 0.0) == allowed


def test_masks_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="eight rows"):
        ConnectedNet(allowed=[[True] * 9] * 8)
    allowed = everything()
    allowed[7] = [False] * 9
    with pytest.raises(ValueError, match="every input of merge 7"):
        ConnectedNet(allowed=allowed)
    with pytest.raises(ValueError, match="size=8"):
        ConnectedNet(size=8)
