# The linear layers of a training: products with frozen or trained matrices, LoRA (arXiv 2106.09685), DoRA (arXiv
# 2402.09353), and the gradients of all of it, written out.
#
# N tokens, R LoRA rank.

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


class TrainedLayers:
  linears : List[__torch__.linear.Linear]    # four a layer and the head, as in llama.py
  parts : List[List[__torch__.trained.Part]] # by linear layer: all its matrices
  format : int                               # the number format in which frozen matrices are multiplied
  dropout : float                            # of what goes into A; beside DoRA into W as well, for the scaled part
  dropping : bool                            # whether anything is dropped now: it is not when validating
  seed : int                                 # of the dropout
  piece : int                                # of the positions that the head is taking: each has a mask of its own
  masks : Dict[int, Tensor]                  # by linear layer: what is dropped of its input, until it is forgotten
  inverse_norms : Dict[int, Tensor]          # by magnitude: what DoRA divides rows by, inverted, in this batch

  def __init__(self, linears: List[__torch__.linear.Linear], format: int, dropout: float) -> NoneType:
    self.linears = linears
    self.parts = annotate(List[List[__torch__.trained.Part]], [])
    self.format = format
    self.dropout = dropout
    self.dropping = False
    self.seed = 0
    self.piece = 0
    self.masks = annotate(Dict[int, Tensor], {})
    self.inverse_norms = annotate(Dict[int, Tensor], {})
    return None

  # ---- products ----

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
      return self.multiply(x.to(self.format), linear.parts[0]).to(x.dtype)
    y = torch.empty([x.size(0), self.out(index)], dtype=x.dtype, device=x.device)
    x = x.to(self.format)
    start = 0
    for weight in linear.parts:
      step = self.step(weight)
      for first in range(0, weight.size(0), step):
        piece = weight.narrow(0, first, min(step, weight.size(0) - first)).to(self.format)
        rows = y.narrow(1, start, piece.size(0))
        rows.copy_(self.multiply(x, piece))
        start = start + piece.size(0)
    return y

  # How many rows of a matrix are taken at a time: not all of a head in another format at once.
  def step(self, weight: Tensor) -> int:
    return weight.size(0) if weight.dtype == self.format else 8192

  # What the product's input is blamed for, given what its output is.
  def back_product(self, index: int, dy: Tensor, p: List[Tensor]) -> Tensor:
    # dy [N, out] -> [N, in]
    linear = self.linears[index]
    dx = annotate(List[Tensor], [])
    if self.trains_weights(index):
      for part in self.parts[index]:
        self.accumulate(dx, dy.narrow(1, part.start, part.rows), self.matrix(index, part, p), 6)
    elif torch.len(linear.parts) == 0:
      out = self.out(index)
      for first in range(0, out, 8192):
        count = min(8192, out - first)
        self.accumulate(dx, dy.narrow(1, first, count), linear.rows(first, count), self.format)
    else:
      start = 0
      for weight in linear.parts:
        step = self.step(weight)
        for first in range(0, weight.size(0), step):
          count = min(step, weight.size(0) - first)
          self.accumulate(dx, dy.narrow(1, start, count), weight.narrow(0, first, count), self.format)
          start = start + count
    return dx[0].to(dy.dtype)

  # Adds dy W, multiplied in a number format, to a sum in float32, which the first begins.
  def accumulate(self, sum: List[Tensor], dy: Tensor, weight: Tensor, format: int) -> NoneType:
    product = self.multiply(dy.to(format), weight.to(format).t())
    if torch.len(sum) == 0:
      sum.append(product.to(6))
    else:
      sum[0].add_(product)
    return None

  # On some processors oneDNN multiplies large float32 matrices a fifth faster than MKL, either way round.
  def multiply(self, x: Tensor, weight: Tensor) -> Tensor:
    if not self.linears[0].onednn:
      return torch.linear(x, weight)
    return ops.mkldnn._linear_pointwise(x, weight, None, "none", annotate(List[Optional[number]], []), "")

  def out(self, index: int) -> int:
    last = self.parts[index][-1]
    return last.start + last.rows

  def trains_weights(self, index: int) -> bool:
    for part in self.parts[index]:
      if part.weight >= 0:
        return True
    return False

  def matrix(self, index: int, part: __torch__.trained.Part, p: List[Tensor]) -> Tensor:
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

  # ---- layers ----

  # A linear layer: W x + scaling B A x, times DoRA's factor, plus a bias. What dropout takes away of the input is missing
  # in B A x; beside DoRA in all that is scaled, and W times it is added unscaled, as PEFT has it.
  def apply(self, index: int, x: Tensor, p: List[Tensor]) -> Tensor:
    # x [N, in] -> [N, out]
    seen = self.seen(index, x)
    y = self.adapted(index, seen, p)
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
    if self.splits(index):
      y.add_(self.product(index, x - seen, p))
    return y

  # Whether dropout changes the input of the frozen matrix, too.
  def splits(self, index: int) -> bool:
    if self.dropping:
      for part in self.parts[index]:
        if part.magnitude >= 0:
          return True
    return False

  # What the matrix and the factors are given together.
  def seen(self, index: int, x: Tensor) -> Tensor:
    return self.left(index, x).mul_(self.upscaling()) if self.splits(index) else x

  # What the factors alone are given of it, but for the upscaling.
  def seen_low(self, index: int, x: Tensor) -> Tensor:
    return self.left(index, x) if self.drops_low(index) else x

  # A x, upscaled where numbers of x were dropped for the factors alone.
  def low(self, index: int, seen: Tensor, a: Tensor) -> Tensor:
    # seen [N, in], a [R of all, in] -> [N, R of all]
    low = torch.linear(seen, a)
    return low.mul_(self.upscaling()) if self.drops_low(index) else low

  def drops_low(self, index: int) -> bool:
    return self.dropping and not self.splits(index)

  # W x + scaling B A x
  def adapted(self, index: int, x: Tensor, p: List[Tensor]) -> Tensor:
    y = self.product(index, x, p)
    a = self.factors(index, p)
    if torch.len(a) > 0:
      low = self.low(index, self.seen_low(index, x.to(6)), a[0])
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
    for part in self.parts[index]:
      if part.weight >= 0:
        grads[part.weight].addmm_(dy.narrow(1, part.start, part.rows).to(6).t(), x.to(6))
    if not self.splits(index):
      return self.back_adapted(index, x, self.back_outer(index, x, dy, p, grads), p, grads, wanted)
    seen = self.seen(index, x)
    d = self.back_adapted(index, seen, self.back_outer(index, seen, dy, p, grads), p, grads, wanted)
    if not wanted:
      return x
    frozen = self.back_product(index, dy, p)
    return self.left(index, d.sub_(frozen)).mul_(self.upscaling()).add_(frozen)

  # The same for W x + scaling B A x.
  def back_adapted(self, index: int, x: Tensor, dy: Tensor, p: List[Tensor], grads: List[Tensor], wanted: bool) -> Tensor:
    dx = self.back_product(index, dy, p) if wanted else x
    a = self.factors(index, p)
    if torch.len(a) > 0:
      seen = self.seen_low(index, x.to(6))
      low = self.low(index, seen, a[0])
      d_low = torch.empty_like(low)
      first = 0
      for part in self.parts[index]:
        if part.a >= 0:
          b = p[part.b]
          d = dy.narrow(1, part.start, part.rows).to(6)
          # As MKL has it: this way round each takes a fifth of the time.
          own = low.narrow(1, first, b.size(1)).t()
          grads[part.b].add_(torch.mm(own, d).t(), alpha=part.scaling)
          d_low.narrow(1, first, b.size(1)).copy_(torch.linear(d, b.t().contiguous())).mul_(part.scaling)
          first = first + b.size(1)
      if self.drops_low(index):
        d_low.mul_(self.upscaling())
      d_a = torch.mm(d_low.t(), seen)
      first = 0
      for part in self.parts[index]:
        if part.a >= 0:
          grads[part.a].add_(d_a.narrow(0, first, p[part.a].size(0)))
          first = first + p[part.a].size(0)
      if wanted:
        if self.drops_low(index):
          dx.add_(torch.mm(d_low, a[0]).masked_fill_(self.mask(index, x), 0.0))
        elif dx.dtype != d_low.dtype:
          dx.add_(torch.mm(d_low, a[0]))
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

  # What DoRA divides rows by, inverted; taken once a batch and as a constant (arXiv 2402.09353, section 4.3).
  def inverse_norm(self, index: int, part: __torch__.trained.Part, p: List[Tensor]) -> Tensor:
    if part.magnitude not in self.inverse_norms:
      b = p[part.b]
      self.inverse_norms[part.magnitude] = __torch__.adapter.dora_factor(self.linears[index], part.start, p[part.a], b * part.scaling, torch.ones([b.size(0)], device=b.device))
    return self.inverse_norms[part.magnitude]

  # What dropout leaves of a layer's input, before the upscaling.
  def left(self, index: int, x: Tensor) -> Tensor:
    return x.masked_fill(self.mask(index, x), 0.0)

  # What is dropped of a layer's input: the same each time in one batch. Each number takes 16 random bits, which are drawn
  # four times as fast as libtorch draws for each number.
  def mask(self, index: int, x: Tensor) -> Tensor:
    if index not in self.masks:
      torch.manual_seed(self.seed + index + torch.len(self.linears) * self.piece)
      count = x.size(0) * x.size(1)
      bits = torch.empty([(count + 3) // 4], dtype=4, device=x.device).random_(-9223372036854775807 - 1, None).view_copy(dtype=2)
      self.masks[index] = bits.narrow(0, 0, count).view(x.size()).lt(self.dropped_bits() - 32768)
    return self.masks[index]

  def dropped_bits(self) -> int:
    return int(self.dropout * 65536.0 + 0.5)

  # Of what is left, so that sums stay what they were in the mean.
  def upscaling(self) -> float:
    return 65536.0 / float(65536 - self.dropped_bits())

  # Frees what is drawn again when it is wanted again.
  def forget(self, first: int, count: int) -> NoneType:
    for index in range(first, first + count):
      if index in self.masks:
        self.masks.pop(index)
    return None
