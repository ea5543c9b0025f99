# Training: the loss of a batch and the gradients of the parameters that are trained. The examples of a batch stand one
# behind the other, without padding; no example sees another.
#
# The backward pass is written out: the products with frozen weights then keep nothing, whatever format the weights are
# in, and what a layer keeps for it is chosen here.
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
  direct : bool                              # whether attention's backward pass is called directly, not by autograd
  wide : bool                                # whether activations are float32; else they are as the weights
  keep : bool                                # whether layers keep what they computed; else they compute it again

  # The batch
  lengths : List[int]                        # of the examples
  groups : List[Tuple[int, int, int]]        # neighbours of the same length: first token, how many, their length
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
    self.direct = True
    self.wide = True
    self.keep = True
    self.lengths = annotate(List[int], [])
    self.groups = annotate(List[Tuple[int, int, int]], [])
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

  # Causal attention of each example to itself. Where its backward pass is called directly, that needs the logarithm of
  # what each query's exponentials add up to, too.
  def attend(self, kqv: Tensor, window: int) -> List[Tensor]:
    # [N, (2 K + Q) D] -> [N, Q D], [Q N]
    outputs = annotate(List[Tensor], [])
    sums = annotate(List[Tensor], [])
    for start, count, length in self.groups:
      k, q, v = self.heads_of(kqv, start, count, length)
      mask = __torch__.training.mask(q, window)
      if self.direct:
        y, logarithms = torch._scaled_dot_product_flash_attention_for_cpu(q, k, v, 0., mask is None, attn_mask=mask)
        sums.append(logarithms.flatten())
      else:
        y = torch.scaled_dot_product_attention(q, k, v, mask, 0., mask is None)
      outputs.append(y.transpose(1, 2).reshape([count * length, self.heads * self.head_dim]))
    return [__torch__.training.joined(outputs), __torch__.training.joined(sums) if self.direct else self.cos]

  def back_attend(self, kqv: Tensor, attended: Tensor, sums: Tensor, window: int, dy: Tensor) -> Tensor:
    # kqv [N, (2 K + Q) D], attended [N, Q D], sums [Q N], dy [N, Q D] -> [N, (2 K + Q) D]
    if not self.direct:
      return self.back_attend_by_autograd(kqv, window, dy)
    d_kqv = torch.empty_like(kqv)
    for start, count, length in self.groups:
      k, q, v = self.heads_of(kqv, start, count, length)
      mask = __torch__.training.mask(q, window)
      own = sums.narrow(0, start * self.heads, q.size(0) * q.size(1) * q.size(2)).view([count, self.heads, length])
      y = __torch__.training.examples(attended, start, count, length, self.heads)
      dq, dk, dv = torch._scaled_dot_product_flash_attention_for_cpu_backward(__torch__.training.examples(dy, start, count, length, self.heads), q, k, v, y, own, 0., mask is None, attn_mask=mask)
      found = __torch__.training.examples(d_kqv, start, count, length, 2 * self.kv_heads + self.heads)
      found.narrow(1, 0, self.kv_heads).copy_(self.together(dk))
      found.narrow(1, self.kv_heads, self.heads).copy_(dq)
      found.narrow(1, self.kv_heads + self.heads, self.kv_heads).copy_(self.together(dv))
    return d_kqv

  def back_attend_by_autograd(self, kqv: Tensor, window: int, dy: Tensor) -> Tensor:
    torch.set_grad_enabled(True)
    leaf = kqv.detach().requires_grad_(True)
    y = self.attend(leaf, window)[0]
    torch.set_grad_enabled(False)
    found = torch.grad([y], [leaf], annotate(List[Optional[Tensor]], [dy]))[0]
    if found is None:
      return torch.zeros_like(kqv)
    return found

  # The keys, each as often as queries share it, queries and values of neighbours of the same length.
  def heads_of(self, kqv: Tensor, start: int, count: int, length: int) -> Tuple[Tensor, Tensor, Tensor]:
    # [N, (2 K + Q) D] -> three times [count, Q, length, D]
    x = __torch__.training.examples(kqv, start, count, length, 2 * self.kv_heads + self.heads)
    k = x.narrow(1, 0, self.kv_heads)
    q = x.narrow(1, self.kv_heads, self.heads)
    v = x.narrow(1, self.kv_heads + self.heads, self.kv_heads)
    if self.heads > self.kv_heads:
      shape = [count, self.kv_heads, self.heads // self.kv_heads, length, self.head_dim]
      k = k.unsqueeze(2).expand(shape).reshape(q.size())
      v = v.unsqueeze(2).expand(shape).reshape(q.size())
    return (k, q, v)

  # What keys or values get from all queries that share them.
  def together(self, d: Tensor) -> Tensor:
    # [B, Q, T, D] -> [B, K, T, D]
    if self.heads == self.kv_heads:
      return d
    return d.reshape([d.size(0), self.kv_heads, self.heads // self.kv_heads, d.size(2), d.size(3)]).sum([2])

  # Turns keys and queries to their positions, in place; back: takes that back.
  def turn(self, kqv: Tensor, back: bool) -> Tensor:
    # [N, (2 K + Q) D]
    x = kqv.view([kqv.size(0), 2 * self.kv_heads + self.heads, self.head_dim]).narrow(1, 0, self.kv_heads + self.heads)
    half = self.rotary_dim // 2
    one = x.narrow(2, 0, half)
    other = x.narrow(2, half, half)
    cos = self.cos.narrow(1, 0, half).unsqueeze(1)
    sin = self.sin.narrow(1, half if back else 0, half).unsqueeze(1)
    former = one.clone()
    one.mul_(cos).addcmul_(other, sin)
    other.mul_(cos).addcmul_(former, sin, value=-1)
    return kqv

  # ---- layers ----

  # What a layer computes on its way from h to its output, which is the last.
  def layer(self, h: Tensor, layer: int, p: List[Tensor]) -> List[Tensor]:
    # h [N, H] -> [N, (2 K + Q) D], [N, Q D], [Q N], [N, H], [N, 2 I], [N, H]
    kqv = self.turn(self.layers.apply(4 * layer, self.norm(h, 2 * layer, p), p), False)
    attended, sums = self.attend(kqv, self.windows[layer])
    middle = self.layers.apply(4 * layer + 1, attended, p).add_(h)
    gate_up = self.layers.apply(4 * layer + 2, self.norm(middle, 2 * layer + 1, p), p)
    gate, up = torch.chunk(gate_up, 2, 1)
    return [kqv, attended, sums, middle, gate_up, self.layers.apply(4 * layer + 3, torch.silu(gate).mul_(up), p).add_(middle)]

  def back_layer(self, h: Tensor, kept: List[Tensor], layer: int, dy: Tensor, p: List[Tensor], grads: List[Tensor]) -> Tensor:
    # h [N, H], dy [N, H] -> [N, H]
    kqv, attended, sums, middle, gate_up = kept
    gate, up = torch.chunk(gate_up, 2, 1)
    active = torch.silu(gate)
    d = self.layers.back(4 * layer + 3, active * up, dy, p, grads, True)
    d_gate_up = torch.empty_like(gate_up)
    torch.mul(d, active, out=d_gate_up.narrow(1, up.size(1), up.size(1)))
    torch.silu_backward(d.mul_(up), gate, grad_input=d_gate_up.narrow(1, 0, up.size(1)))
    d = self.layers.back(4 * layer + 2, self.norm(middle, 2 * layer + 1, p), d_gate_up, p, grads, True)
    d_middle = self.back_norm(middle, 2 * layer + 1, d, p, grads).add_(dy)
    d = self.layers.back(4 * layer + 1, attended, d_middle, p, grads, True)
    d = self.turn(self.back_attend(kqv, attended, sums, self.windows[layer], d), True)
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
        dx.narrow(0, first, count).copy_(self.layers.back(head, states, d.to(x.dtype), p, grads, True))
      self.layers.forget(head, 1)
      self.layers.piece = self.layers.piece + 1
    self.layers.piece = 0
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
    self.groups.clear()
    start = 0
    first = 0
    while first < torch.len(self.lengths):
      count = 1
      while first + count < torch.len(self.lengths) and self.lengths[first + count] == self.lengths[first]:
        count = count + 1
      self.groups.append((start, count, self.lengths[first]))
      start = start + count * self.lengths[first]
      first = first + count
    return None

  # The sum of the losses, float64; and when training a number whose gradient is that of `scale` times the sum. The scale
  # comes last: before it, a mean over many tokens would be too small for float16.
  #
  # targets: the token that each position should be followed by, -100: no matter.
  def loss(self, ids: Tensor, targets: Tensor, p: List[Tensor], train: bool) -> List[Tensor]:
    # ids [N], targets [N]
    torch.set_grad_enabled(False)
    self.layers.dropping = train and self.layers.dropout > 0.0
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
    return [total, surrogate * self.scale]

  def passes(self, ids: Tensor, targets: Tensor, p: List[Tensor], grads: List[Tensor], train: bool) -> Tensor:
    table = p[self.table] if self.table >= 0 else self.embedding
    dtype = self.activations()
    h = torch.embedding(table, ids).to(dtype)
    self.positions(dtype, h.device)
    inputs = annotate(List[Tensor], [])
    kept = annotate(List[List[Tensor]], [])
    layers = torch.len(self.windows)
    for layer in range(layers):
      trained = train and layer >= self.lowest
      if trained:
        inputs.append(h)
      computed = self.layer(h, layer, p)
      h = computed.pop(-1)
      if not (trained and self.keep):
        computed.clear()
        self.layers.forget(4 * layer, 4)
      if trained:
        kept.append(computed)
    rows = torch.nonzero(targets.ge(0)).view([-1])
    last = h.index_select(0, rows)
    found = self.cross_entropy(self.norm(last, 2 * layers, p), targets.index_select(0, rows), p, grads, train)
    if train:
      d = torch.zeros_like(h)
      d.index_copy_(0, rows, self.back_norm(last, 2 * layers, found[1], p, grads))
      for i in range(layers - self.lowest):
        computed = kept.pop(-1)
        h = inputs.pop(-1)
        if torch.len(computed) == 0:
          computed = self.layer(h, layers - 1 - i, p)
          computed.pop(-1)
        d = self.back_layer(h, computed, layers - 1 - i, d, p, grads)
        self.layers.forget(4 * (layers - 1 - i), 4)
      if self.table >= 0:
        grads[self.table].index_add_(0, ids, d.to(6))
    return found[0]

  # Other formats gain nothing between layers on the processor.
  def activations(self) -> int:
    return 6 if self.wide else self.norms[0].dtype



# Examples of one length that stand one behind the other, by head.
def examples(x: Tensor, start: int, count: int, length: int, heads: int) -> Tensor:
  # [N, heads D] -> [count, heads, length, D]
  return x.narrow(0, start, count * length).view([count, length, heads, x.size(1) // heads]).transpose(1, 2)

# What is added to the scores where a window hides keys; where nothing but the future is hidden: none.
def mask(q: Tensor, window: int) -> Optional[Tensor]:
  # q [B, Q, T, D] -> [T, T]
  tokens = q.size(2)
  if tokens <= window:
    return None
  seen = torch.ones([tokens, tokens], dtype=11, device=q.device).tril().triu(1 - window)
  return torch.zeros([tokens, tokens], dtype=q.dtype, device=q.device).masked_fill_(seen.logical_not(), float("-inf"))

def joined(parts: List[Tensor]) -> Tensor:
  return torch.cat(parts) if torch.len(parts) > 1 else parts[0]
