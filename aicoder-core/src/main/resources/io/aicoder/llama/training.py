# Training: the loss of a batch and the gradients of the parameters that are trained. The examples of a batch stand one
# behind the other, without padding; no example sees another.
#
# The backward pass is written out: the products with frozen weights then keep nothing, whatever format the weights are
# in, and what a layer keeps for it is chosen here. Autograd does attention alone.
#
# N tokens of all examples, H hidden size, I intermediate size, Q query heads, K key-value heads, D head size. Linear layers:
# trained.py.

class Training:
  layers : __torch__.trained.TrainedLayers
  norms : List[Tensor]                       # as in llama.py, and so the next four
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
  norm_weights : List[int]                   # by norm, its parameter or -1
  table : int                                # the embedding's parameter or -1
  lowest : int                               # the first layer that is trained
  deep : bool                                # whether gradients are wanted below it, too
  keep : bool                                # whether layers keep what they computed; else they compute it again

  # The batch
  lengths : List[int]                        # of the examples
  scale : float                              # what the sum of the losses is multiplied by for the gradients
  cos : Tensor                               # [N, rotary_dim]
  sin : Tensor

  def __init__(self, layers: __torch__.trained.TrainedLayers, norms: List[Tensor], embedding: Tensor, windows: List[int], rope_type: str, rope: Dict[str, float], sizes: List[int], eps: float) -> NoneType:
    self.layers = layers
    self.norms = norms
    self.embedding = embedding
    self.windows = windows
    self.rope_type = rope_type
    self.rope = rope
    self.heads, self.kv_heads, self.head_dim, self.rotary_dim = sizes
    self.eps = eps
    self.norm_weights = annotate(List[int], [])
    self.table = -1
    self.lowest = 0
    self.deep = False
    self.keep = True
    self.lengths = annotate(List[int], [])
    self.scale = 1.0
    self.cos = embedding
    self.sin = embedding
    return None

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
    kqv = self.layers.apply(4 * layer, self.norm(h, 2 * layer, p), p)
    attended = self.attend(kqv, self.windows[layer])
    middle = self.layers.apply(4 * layer + 1, attended, p).add_(h)
    gate_up = self.layers.apply(4 * layer + 2, self.norm(middle, 2 * layer + 1, p), p)
    gate, up = torch.chunk(gate_up, 2, 1)
    return [kqv, attended, middle, gate_up, self.layers.apply(4 * layer + 3, torch.silu(gate).mul_(up), p).add_(middle)]

  def back_layer(self, h: Tensor, kept: List[Tensor], layer: int, dy: Tensor, p: List[Tensor], grads: List[Tensor]) -> Tensor:
    # h [N, H], dy [N, H] -> [N, H]
    gate, up = torch.chunk(kept[3], 2, 1)
    active = torch.silu(gate)
    d = self.layers.back(4 * layer + 3, active * up, dy, p, grads, True)
    d_up = d * active
    d_gate_up = torch.cat([torch.silu_backward(d.mul_(up), gate), d_up], 1)
    middle = kept[2]
    d = self.layers.back(4 * layer + 2, self.norm(middle, 2 * layer + 1, p), d_gate_up, p, grads, True)
    d_middle = self.back_norm(middle, 2 * layer + 1, d, p, grads).add_(dy)
    d = self.layers.back(4 * layer + 1, kept[1], d_middle, p, grads, True)
    d = self.back_attend(kept[0], self.windows[layer], d)
    wanted = self.deep or layer > self.lowest
    d = self.layers.back(4 * layer, self.norm(h, 2 * layer, p), d, p, grads, wanted)
    if wanted:
      return self.back_norm(h, 2 * layer, d, p, grads).add_(d_middle)
    return d_middle

  # ---- the loss ----

  # The sum of the losses behind states of which each has a target: cross entropy, a few positions at a time, so that
  # the logits of all never stand in memory; and the states' gradient.
  def cross_entropy(self, x: Tensor, targets: Tensor, p: List[Tensor], grads: List[Tensor], train: bool) -> List[Tensor]:
    # x [M, H], targets [M] -> [], [M, H]
    head = torch.len(self.layers.linears) - 1
    total = torch.zeros([], dtype=7, device=x.device)
    dx = torch.empty_like(x) if train else x
    step = max(16, 16777216 // self.layers.out(head))
    for first in range(0, x.size(0), step):
      count = min(step, x.size(0) - first)
      states = x.narrow(0, first, count)
      chosen = targets.narrow(0, first, count).unsqueeze(1)
      logs = torch.log_softmax(self.layers.apply(head, states, p).to(6), 1)
      total.sub_(logs.gather(1, chosen).sum(dtype=7))
      if train:
        d = logs.exp_()
        d.scatter_add_(1, chosen, torch.full([count, 1], -1.0, device=d.device))
        dx.narrow(0, first, count).copy_(self.layers.back(head, states, d.mul_(self.scale).to(x.dtype), p, grads, True))
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
