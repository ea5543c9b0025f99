# Training: the loss of a batch and the gradients of the parameters that are trained. The examples of a batch stand one
# behind the other, without padding; no example sees another.
#
# The backward pass is written out: the products with frozen weights then keep nothing, whatever format the weights are
# in, and what a layer keeps for it is chosen here. Autograd does attention alone.
#
# N tokens of all examples, H hidden size, I intermediate size, Q query heads, K key-value heads, D head size, R LoRA rank.

# What is trained of one matrix of a linear layer. The numbers of parameters are places in the list of all, -1: none.
class Part:
  start : int             # its first row in the layer
  rows : int
  a : int                 # LoRA's A [R, in]
  b : int                 # LoRA's B [rows, R]
  magnitude : int         # DoRA's magnitudes [rows]
  weight : int            # the matrix itself [rows, in]
  bias : int              # its bias [rows]
  shift : int             # a bias of B [rows]
  scaling : float         # of B A

  def __init__(self, start: int, rows: int, places: List[int], scaling: float) -> NoneType:
    self.start = start
    self.rows = rows
    self.a, self.b, self.magnitude, self.weight, self.bias, self.shift = places
    self.scaling = scaling
    return None


class Training:
  linears : List[__torch__.linear.Linear]    # as in llama.py, and so the next five
  norms : List[Tensor]
  embedding : Tensor
  windows : List[int]
  rope_type : str
  rope : Dict[str, float]
  heads : int
  kv_heads : int
  head_dim : int
  rotary_dim : int
  eps : float

  # What is trained
  parts : List[List[__torch__.training.Part]]  # by linear layer: all its matrices
  norm_weights : List[int]                   # by norm, its parameter or -1
  table : int                                # the embedding's parameter or -1
  lowest : int                               # the first layer that is trained
  deep : bool                                # whether gradients are wanted below it, too
  keep : bool                                # whether layers keep what they computed; else they compute it again
  dropout : float                            # of what goes into LoRA's A
  format : int                               # the number format in which frozen matrices are multiplied

  # The batch
  lengths : List[int]                        # of the examples
  seed : int                                 # of the dropout
  scale : float                              # what the sum of the losses is multiplied by for the gradients
  cos : Tensor                               # [N, rotary_dim]
  sin : Tensor

  def __init__(self, linears: List[__torch__.linear.Linear], norms: List[Tensor], embedding: Tensor, windows: List[int], rope_type: str, rope: Dict[str, float], sizes: List[int], eps: float) -> NoneType:
    self.linears = linears
    self.norms = norms
    self.embedding = embedding
    self.windows = windows
    self.rope_type = rope_type
    self.rope = rope
    self.heads, self.kv_heads, self.head_dim, self.rotary_dim = sizes
    self.eps = eps
    self.parts = annotate(List[List[__torch__.training.Part]], [])
    self.norm_weights = annotate(List[int], [])
    self.table = -1
    self.lowest = 0
    self.deep = False
    self.keep = True
    self.dropout = 0.0
    self.format = norms[0].dtype
    self.lengths = annotate(List[int], [])
    self.seed = 0
    self.scale = 1.0
    self.cos = embedding
    self.sin = embedding
    return None

  # ---- linear layers ----

  # The frozen or trained product without bias and LoRA.
  def product(self, index: int, x: Tensor, p: List[Tensor]) -> Tensor:
    # x [N, in] -> [N, out]
    linear = self.linears[index]
    if self.trains_weights(index):
      outputs = annotate(List[Tensor], [])
      for part in self.parts[index]:
        outputs.append(torch.linear(x, self.matrix(index, part, p).to(x.dtype)))
      return torch.cat(outputs, 1)
    if torch.len(linear.parts) == 0:
      return linear.product(x.to(linear.like().dtype)).to(x.dtype)
    if torch.len(linear.parts) == 1 and linear.parts[0].dtype == self.format:
      return torch.linear(x.to(self.format), linear.parts[0]).to(x.dtype)
    y = torch.empty([x.size(0), self.out(index)], dtype=x.dtype, device=x.device)
    x = x.to(self.format)
    start = 0
    for weight in linear.parts:
      step = self.step(weight)
      for first in range(0, weight.size(0), step):
        piece = weight.narrow(0, first, min(step, weight.size(0) - first)).to(self.format)
        rows = y.narrow(1, start, piece.size(0))
        if y.dtype == self.format:
          torch.mm(x, piece.t(), out=rows)
        else:
          rows.copy_(torch.mm(x, piece.t()))
        start = start + piece.size(0)
    return y

  # How many rows of a matrix are taken at a time: not all of a head in another format at once.
  def step(self, weight: Tensor) -> int:
    return weight.size(0) if weight.dtype == self.format else 8192

  # What the product's input is blamed for, given what its output is.
  def back_product(self, index: int, dy: Tensor, p: List[Tensor]) -> Tensor:
    # dy [N, out] -> [N, in]
    linear = self.linears[index]
    dx = torch.zeros([dy.size(0), self.width(index)], device=dy.device)
    if self.trains_weights(index):
      for part in self.parts[index]:
        self.accumulate(dx, dy.narrow(1, part.start, part.rows), self.matrix(index, part, p), 6)
    elif torch.len(linear.parts) == 0:
      out = self.out(index)
      for first in range(0, out, 8192):
        count = min(8192, out - first)
        self.accumulate(dx, dy.narrow(1, first, count), linear.rows(first, count), 6)
    else:
      start = 0
      for weight in linear.parts:
        step = self.step(weight)
        for first in range(0, weight.size(0), step):
          count = min(step, weight.size(0) - first)
          self.accumulate(dx, dy.narrow(1, start, count), weight.narrow(0, first, count), self.format)
          start = start + count
    return dx.to(dy.dtype)

  # Adds dy W, multiplied in a number format, to a sum in float32.
  def accumulate(self, sum: Tensor, dy: Tensor, weight: Tensor, format: int) -> Tensor:
    if format == 6:
      return sum.addmm_(dy.to(6), weight.to(6))
    return sum.add_(torch.mm(dy.to(format), weight.to(format)))

  def width(self, index: int) -> int:
    if index == torch.len(self.linears) - 1:
      return self.embedding.size(1)
    kind = index % 4
    if kind == 1:
      return self.heads * self.head_dim
    return self.out(index - 1) // 2 if kind == 3 else self.embedding.size(1)

  def out(self, index: int) -> int:
    last = self.parts[index][-1]
    return last.start + last.rows

  def trains_weights(self, index: int) -> bool:
    for part in self.parts[index]:
      if part.weight >= 0:
        return True
    return False

  def matrix(self, index: int, part: __torch__.training.Part, p: List[Tensor]) -> Tensor:
    return p[part.weight] if part.weight >= 0 else self.linears[index].rows(part.start, part.rows)

  # The As of a layer one above the other, [R of all, in]; none: an empty list.
  def factors(self, index: int, p: List[Tensor]) -> List[Tensor]:
    found = annotate(List[Tensor], [])
    for part in self.parts[index]:
      if part.a >= 0:
        found.append(p[part.a])
    if torch.len(found) > 1:
      found = [torch.cat(found)]
    return found

  # A linear layer: W x + scaling B A x, times DoRA's factor, plus a bias.
  def apply(self, index: int, x: Tensor, p: List[Tensor]) -> Tensor:
    # x [N, in] -> [N, out]
    y = self.adapted(index, x, p)
    linear = self.linears[index]
    for part in self.parts[index]:
      rows = y.narrow(1, part.start, part.rows)
      if part.magnitude >= 0:
        rows.mul_(p[part.magnitude] * self.inverse_norm(index, part, p))
      if part.shift >= 0:
        rows.add_(p[part.shift], alpha=part.scaling)
      if part.bias >= 0:
        rows.add_(p[part.bias])
      elif torch.len(linear.bias) > 0:
        rows.add_(linear.bias[0].narrow(0, part.start, part.rows))
    return y

  # W x + scaling B A x
  def adapted(self, index: int, x: Tensor, p: List[Tensor]) -> Tensor:
    y = self.product(index, x, p)
    a = self.factors(index, p)
    if torch.len(a) > 0:
      low = torch.linear(self.dropped(index, x.to(6)), a[0])  # [N, R of all]
      first = 0
      for part in self.parts[index]:
        if part.a >= 0:
          b = p[part.b]
          own = low.narrow(1, first, b.size(1))
          rows = y.narrow(1, part.start, part.rows)
          if y.dtype == b.dtype:
            rows.addmm_(own, b.t(), beta=1, alpha=part.scaling)
          else:
            rows.add_(torch.linear(own, b), alpha=part.scaling)
          first = first + b.size(1)
    return y

  # Adds to the gradients of a layer's parameters; returns its input's, or nothing when it is not wanted.
  def back(self, index: int, x: Tensor, dy: Tensor, p: List[Tensor], grads: List[Tensor], wanted: bool) -> Tensor:
    # x [N, in], dy [N, out] -> [N, in]
    dy = self.back_outer(index, x, dy, p, grads)
    for part in self.parts[index]:
      if part.weight >= 0:
        grads[part.weight].addmm_(dy.narrow(1, part.start, part.rows).to(6).t(), x.to(6))
    dx = self.back_product(index, dy, p) if wanted else x
    a = self.factors(index, p)
    if torch.len(a) > 0:
      seen = self.dropped(index, x.to(6))
      low = torch.linear(seen, a[0])
      d_low = torch.empty_like(low)
      first = 0
      for part in self.parts[index]:
        if part.a >= 0:
          b = p[part.b]
          d = dy.narrow(1, part.start, part.rows).to(6)
          grads[part.b].addmm_(d.t(), low.narrow(1, first, b.size(1)), beta=1, alpha=part.scaling)
          d_low.narrow(1, first, b.size(1)).copy_(torch.mm(d, b)).mul_(part.scaling)
          first = first + b.size(1)
      d_a = torch.mm(d_low.t(), seen)
      first = 0
      for part in self.parts[index]:
        if part.a >= 0:
          grads[part.a].add_(d_a.narrow(0, first, p[part.a].size(0)))
          first = first + p[part.a].size(0)
      if wanted:
        if self.dropout > 0.0 or dx.dtype != d_low.dtype:
          dx.add_(self.dropped(index, torch.mm(d_low, a[0])))
        else:
          dx.addmm_(d_low, a[0])
    return dx

  # Adds to the gradients of biases and magnitudes; returns the gradient of what the magnitudes scale.
  def back_outer(self, index: int, x: Tensor, dy: Tensor, p: List[Tensor], grads: List[Tensor]) -> Tensor:
    inner = annotate(List[Tensor], [])
    for part in self.parts[index]:
      rows = dy.narrow(1, part.start, part.rows)
      if part.bias >= 0:
        grads[part.bias].add_(rows.to(6).sum([0]))
      if part.shift >= 0:
        grads[part.shift].add_(rows.to(6).sum([0]), alpha=part.scaling)
      if part.magnitude >= 0:
        if torch.len(inner) == 0:
          dy = dy.clone()
          rows = dy.narrow(1, part.start, part.rows)
          inner.append(self.adapted(index, x, p))
        inverse = self.inverse_norm(index, part, p)
        grads[part.magnitude].add_((rows.to(6) * inner[0].narrow(1, part.start, part.rows)).sum([0]).mul_(inverse))
        rows.mul_(p[part.magnitude] * inverse)
    return dy

  # What DoRA divides rows by, inverted; taken as a constant (arXiv 2402.09353, section 4.3).
  def inverse_norm(self, index: int, part: __torch__.training.Part, p: List[Tensor]) -> Tensor:
    b = p[part.b]
    return __torch__.adapter.dora_factor(self.linears[index], part.start, p[part.a], b * part.scaling, torch.ones([b.size(0)], device=b.device))

  # Drops the same numbers of a layer's input each time in one batch.
  def dropped(self, index: int, x: Tensor) -> Tensor:
    if self.dropout == 0.0:
      return x
    torch.manual_seed(self.seed + index)
    return torch.empty_like(x).bernoulli_(1.0 - self.dropout).mul_(x).mul_(1.0 / (1.0 - self.dropout))

  # ---- norms and attention ----

  def norm_weight(self, index: int, p: List[Tensor]) -> Tensor:
    place = self.norm_weights[index]
    return p[place] if place >= 0 else self.norms[index]

  def norm(self, x: Tensor, index: int, p: List[Tensor]) -> Tensor:
    return torch.rms_norm(x, [x.size(1)], self.norm_weight(index, p).to(x.dtype), self.eps)

  def back_norm(self, x: Tensor, index: int, dy: Tensor, p: List[Tensor], grads: List[Tensor]) -> Tensor:
    # x [N, H], dy [N, H] -> [N, H]
    wide = x.to(6)
    inverse = torch.rsqrt((wide * wide).mean([1], True) + self.eps)
    normed = wide * inverse
    dy = dy.to(6)
    if self.norm_weights[index] >= 0:
      grads[self.norm_weights[index]].add_((dy * normed).sum([0]))
    dy = dy * self.norm_weight(index, p)
    return normed.mul_((dy * normed).mean([1], True)).neg_().add_(dy).mul_(inverse).to(x.dtype)

  # Causal attention of each example to itself.
  def attend(self, kqv: Tensor, window: int) -> Tensor:
    # [N, (2 K + Q) D] -> [N, Q D]
    tokens = kqv.size(0)
    x = kqv.view([1, tokens, 2 * self.kv_heads + self.heads, self.head_dim]).transpose(1, 2)  # [1, 2 K + Q, N, D]
    turned = __torch__.rope.rotate(x.narrow(1, 0, self.kv_heads + self.heads), self.cos, self.sin)
    values = x.narrow(1, self.kv_heads + self.heads, self.kv_heads)
    outputs = annotate(List[Tensor], [])
    start = 0
    i = 0
    while i < torch.len(self.lengths):
      length = self.lengths[i]
      count = 1  # neighbours of the same length go together
      while i + count < torch.len(self.lengths) and self.lengths[i + count] == length:
        count = count + 1
      q = __torch__.training.examples(turned.narrow(1, self.kv_heads, self.heads), start, count, length)
      k = __torch__.training.examples(turned.narrow(1, 0, self.kv_heads), start, count, length)
      v = __torch__.training.examples(values, start, count, length)
      y = __torch__.training.causal(q, k, v, window)
      outputs.append(y.transpose(1, 2).reshape([count * length, self.heads * self.head_dim]))
      start = start + count * length
      i = i + count
    return torch.cat(outputs) if torch.len(outputs) > 1 else outputs[0]

  def back_attend(self, kqv: Tensor, window: int, dy: Tensor) -> Tensor:
    torch.set_grad_enabled(True)
    leaf = kqv.detach().requires_grad_(True)
    y = self.attend(leaf, window)
    torch.set_grad_enabled(False)
    found = torch.grad([y], [leaf], annotate(List[Optional[Tensor]], [dy]))[0]
    if found is None:
      return torch.zeros_like(kqv)
    return found

  # ---- layers ----

  # What a layer computes on its way from h to its output, which is the last.
  def layer(self, h: Tensor, layer: int, p: List[Tensor]) -> List[Tensor]:
    # h [N, H] -> [N, (2 K + Q) D], [N, Q D], [N, H], [N, 2 I], [N, H]
    kqv = self.apply(4 * layer, self.norm(h, 2 * layer, p), p)
    attended = self.attend(kqv, self.windows[layer])
    middle = self.apply(4 * layer + 1, attended, p).add_(h)
    gate_up = self.apply(4 * layer + 2, self.norm(middle, 2 * layer + 1, p), p)
    gate, up = torch.chunk(gate_up, 2, 1)
    return [kqv, attended, middle, gate_up, self.apply(4 * layer + 3, torch.silu(gate).mul_(up), p).add_(middle)]

  def back_layer(self, h: Tensor, kept: List[Tensor], layer: int, dy: Tensor, p: List[Tensor], grads: List[Tensor]) -> Tensor:
    # h [N, H], dy [N, H] -> [N, H]
    gate, up = torch.chunk(kept[3], 2, 1)
    active = torch.silu(gate)
    d = self.back(4 * layer + 3, active * up, dy, p, grads, True)
    d_up = d * active
    d_gate_up = torch.cat([torch.silu_backward(d.mul_(up), gate), d_up], 1)
    middle = kept[2]
    d = self.back(4 * layer + 2, self.norm(middle, 2 * layer + 1, p), d_gate_up, p, grads, True)
    d_middle = self.back_norm(middle, 2 * layer + 1, d, p, grads).add_(dy)
    d = self.back(4 * layer + 1, kept[1], d_middle, p, grads, True)
    d = self.back_attend(kept[0], self.windows[layer], d)
    wanted = self.deep or layer > self.lowest
    d = self.back(4 * layer, self.norm(h, 2 * layer, p), d, p, grads, wanted)
    if wanted:
      return self.back_norm(h, 2 * layer, d, p, grads).add_(d_middle)
    return d_middle

  # ---- the loss ----

  # The sum of the losses behind states of which each has a target: cross entropy, a few positions at a time, so that
  # the logits of all never stand in memory; and the states' gradient.
  def cross_entropy(self, x: Tensor, targets: Tensor, p: List[Tensor], grads: List[Tensor], train: bool) -> List[Tensor]:
    # x [M, H], targets [M] -> [], [M, H]
    head = torch.len(self.linears) - 1
    total = torch.zeros([], dtype=7, device=x.device)
    dx = torch.empty_like(x) if train else x
    step = max(16, 16777216 // self.out(head))
    for first in range(0, x.size(0), step):
      count = min(step, x.size(0) - first)
      states = x.narrow(0, first, count)
      chosen = targets.narrow(0, first, count).unsqueeze(1)
      logs = torch.log_softmax(self.apply(head, states, p).to(6), 1)
      total.sub_(logs.gather(1, chosen).sum(dtype=7))
      if train:
        d = logs.exp_()
        d.scatter_add_(1, chosen, torch.full([count, 1], -1.0, device=d.device))
        dx.narrow(0, first, count).copy_(self.back(head, states, d.mul_(self.scale).to(x.dtype), p, grads, True))
    return [total, dx]

  def positions(self, dtype: int, device: Device) -> NoneType:
    longest = max(self.lengths)
    cos, sin = __torch__.rope.tables(longest, longest, self.rotary_dim, self.rope_type, self.rope)
    rows = annotate(List[Tensor], [])
    for length in self.lengths:
      rows.append(torch.arange(length))
    places = torch.cat(rows)
    self.cos = cos.index_select(0, places).to(device, dtype)
    self.sin = sin.index_select(0, places).to(device, dtype)
    return None

  # The sum of the losses, float64; and when training a number whose gradient is that of `scale` times the sum.
  #
  # targets: the token that each position should be followed by, -100: no matter.
  def loss(self, ids: Tensor, targets: Tensor, p: List[Tensor], train: bool) -> List[Tensor]:
    # ids [N], targets [N]
    torch.set_grad_enabled(False)
    grads = annotate(List[Tensor], [])
    if train:
      for parameter in p:
        grads.append(torch.zeros_like(parameter))
    total = self.passes(ids, targets, p, grads, train)
    if not train:
      return [total]
    torch.set_grad_enabled(True)
    surrogate = torch.zeros([], device=p[0].device)
    for i in range(torch.len(p)):
      surrogate = surrogate + torch.dot(p[i].flatten(), grads[i].flatten())
    return [total, surrogate]

  def passes(self, ids: Tensor, targets: Tensor, p: List[Tensor], grads: List[Tensor], train: bool) -> Tensor:
    table = p[self.table] if self.table >= 0 else self.embedding
    dtype = self.activations()
    h = torch.embedding(table, ids).to(dtype)
    self.positions(dtype, h.device)
    inputs = annotate(List[Tensor], [])
    kept = annotate(List[List[Tensor]], [])
    layers = torch.len(self.windows)
    for layer in range(layers):
      inputs.append(h)
      computed = self.layer(h, layer, p)
      h = computed.pop(-1)
      if not (train and self.keep and layer >= self.lowest):
        computed.clear()
      kept.append(computed)
    rows = torch.nonzero(targets.ge(0)).view([-1])
    last = h.index_select(0, rows)
    found = self.cross_entropy(self.norm(last, 2 * layers, p), targets.index_select(0, rows), p, grads, train)
    if train:
      d = torch.zeros_like(h)
      d.index_copy_(0, rows, self.back_norm(last, 2 * layers, found[1], p, grads))
      for i in range(layers - self.lowest):
        computed = kept.pop(-1)
        h = inputs[layers - 1 - i]
        if torch.len(computed) == 0:
          computed = self.layer(h, layers - 1 - i, p)
        d = self.back_layer(h, computed, layers - 1 - i, d, p, grads)
        inputs.pop(-1)
      if self.table >= 0:
        grads[self.table].index_add_(0, ids, d.to(6))
    return found[0]

  # Activations are float32 on the processor, where other formats gain nothing; on a GPU they are as the weights.
  def activations(self) -> int:
    return 6 if self.embedding.device.type == "cpu" else self.norms[0].dtype


# Examples of one length that stand one behind the other.
def examples(x: Tensor, start: int, count: int, length: int) -> Tensor:
  # [1, heads, N, D] -> [count, heads, length, D]
  return x.narrow(2, start, count * length).reshape([x.size(1), count, length, x.size(3)]).transpose(0, 1)

def causal(q: Tensor, k: Tensor, v: Tensor, window: int) -> Tensor:
  # q [B, Q, T, D], k and v [B, K, T, D] -> [B, Q, T, D]
  group = q.size(1) // k.size(1)
  if group > 1:
    shape = [k.size(0), k.size(1), group, k.size(2), k.size(3)]
    k = k.unsqueeze(2).expand(shape).reshape(q.size())
    v = v.unsqueeze(2).expand(shape).reshape(q.size())
  tokens = q.size(2)
  if tokens <= window:
    return torch.scaled_dot_product_attention(q, k, v, None, 0., True)
  mask = torch.ones([tokens, tokens], dtype=11, device=q.device).tril().triu(1 - window)
  return torch.scaled_dot_product_attention(q, k, v, mask)
