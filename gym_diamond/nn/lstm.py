"""Long short-term memory with its gates written out.

Plain tensor operations compile with static shapes and run under any autocast; PyTorch's own `nn.LSTM` does neither
everywhere. Parameter names and gate order (input, forget, cell, output) are PyTorch's, so released weights load.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LSTMState = tuple[Tensor, Tensor]  # hx (B, D), cx (B, D)


def lstm_gates(gates: Tensor, cx: Tensor) -> LSTMState:
    """The next (hx, cx) from the summed gate inputs `(B, 4D)` and cx `(B, D)`."""
    i, f, g, o = gates.chunk(4, dim=-1)
    cx = f.sigmoid() * cx + i.sigmoid() * g.tanh()
    return o.sigmoid() * cx.tanh(), cx


class LSTMCell(nn.Module):
    """One step of memory, under the parameter names of `nn.LSTMCell`."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.weight_ih = nn.Parameter(torch.empty(4 * hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.empty(4 * hidden_size, hidden_size))
        self.bias_ih = nn.Parameter(torch.empty(4 * hidden_size))
        self.bias_hh = nn.Parameter(torch.empty(4 * hidden_size))
        init_lstm(self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)

    def forward(self, x: Tensor, state: LSTMState) -> LSTMState:
        hx, cx = state
        gates = F.linear(x, self.weight_ih, self.bias_ih) + F.linear(hx, self.weight_hh, self.bias_hh)
        return lstm_gates(gates, cx)


class LSTM(nn.Module):
    """One layer of memory over a sequence, under the parameter names of `nn.LSTM`."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(4 * hidden_size, input_size))
        self.weight_hh_l0 = nn.Parameter(torch.empty(4 * hidden_size, hidden_size))
        self.bias_ih_l0 = nn.Parameter(torch.empty(4 * hidden_size))
        self.bias_hh_l0 = nn.Parameter(torch.empty(4 * hidden_size))
        init_lstm(self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0, self.bias_hh_l0)

    def forward(self, x: Tensor, state: LSTMState, update: Tensor | None = None) -> tuple[Tensor, LSTMState]:
        """The hidden state after each step, and the last state.

        Args:
            x: `(B, T, D_in)`.
            state: where the memory starts.
            update: `(B, T)` bool. Where it is false the memory stays as it was. None updates always.
        """
        hx, cx = state
        gates_x = F.linear(x, self.weight_ih_l0, self.bias_ih_l0)  # (B, T, 4D), one product for all steps
        outputs = []
        for t in range(x.shape[1]):
            gates = gates_x[:, t] + F.linear(hx, self.weight_hh_l0, self.bias_hh_l0)
            next_hx, next_cx = lstm_gates(gates, cx)
            if update is not None:
                keep = update[:, t, None]
                next_hx, next_cx = torch.where(keep, next_hx, hx), torch.where(keep, next_cx, cx)
            hx, cx = next_hx, next_cx
            outputs.append(hx)
        return torch.stack(outputs, dim=1), (hx, cx)


@torch.no_grad()
def init_lstm(weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor, bias_hh: Tensor) -> None:
    """Fill the weights as the reference does: xavier in, orthogonal recurrent, forget gate open."""
    nn.init.xavier_uniform_(weight_ih)
    nn.init.orthogonal_(weight_hh)
    nn.init.zeros_(bias_ih)
    nn.init.zeros_(bias_hh)
    hidden_size = weight_hh.shape[1]
    bias_ih[hidden_size : 2 * hidden_size] = 1
