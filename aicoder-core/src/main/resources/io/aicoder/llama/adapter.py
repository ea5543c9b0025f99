# LoRA (arXiv 2106.09685). T rows, R LoRA rank, V vocabulary, H hidden size.

# A LoRA adapter (PEFT's formats: docs/adapters.md).
#
# It has, by linear layer: nothing; or A [R, in] and B [out, R] with the scaling in it; or these and a factor [out] and a
# shift [out], float32, which the layer's output with B A x is multiplied by and added to: DoRA's magnitudes, other biases.
class Adapter:
  lora : List[List[Tensor]]
  embedding : List[Tensor]                   # none; or A [V, R] and B [R, H]; or these and a factor [H], float32
  table : List[Tensor]                       # none, or the embedding [V, H] in place of the base's
  head : List[__torch__.linear.Linear]       # none, or the head in place of the base's

  def __init__(self) -> NoneType:
    self.lora = annotate(List[List[Tensor]], [])
    self.embedding = annotate(List[Tensor], [])
    self.table = annotate(List[Tensor], [])
    self.head = annotate(List[__torch__.linear.Linear], [])
    return None

  # The states that tokens begin with.
  def embed(self, base: Tensor, ids: Tensor) -> Tensor:
    # base [V, H], ids [T] -> [T, H]
    if torch.len(self.table) > 0:
      base = self.table[0]
    x = torch.embedding(base, ids)
    if torch.len(self.embedding) > 0:
      x = x + torch.matmul(torch.embedding(self.embedding[0], ids), self.embedding[1])
      if torch.len(self.embedding) > 2:
        x = (x * self.embedding[2]).to(x.dtype)
    return x

  # Adds what it has for the next linear layer, float32, matrix by matrix in the order of their rows: the factors, and
  # a magnitude, a bias in place of the base's and a bias of B, each empty where there is none.
  def add(self, linear: __torch__.linear.Linear, a: List[Tensor], b: List[Tensor], scaling: List[float], magnitude: List[Tensor], bias: List[Tensor], lora_bias: List[Tensor]) -> int:
    weight = linear.like()
    if torch.len(a) == 0:
      self.lora.append(annotate(List[Tensor], []))
      return torch.len(self.lora)
    scaled = annotate(List[Tensor], [])
    changed = 0  # numbers beside A and B
    for i in range(torch.len(b)):
      scaled.append(b[i] * scaling[i])
      changed = changed + magnitude[i].numel() + bias[i].numel() + lora_bias[i].numel()
    entry = [torch.cat(a).to(weight, copy=True), torch.block_diag(scaled).to(weight, copy=True)]
    if changed > 0:
      factors = annotate(List[Tensor], [])
      shifts = annotate(List[Tensor], [])
      start = 0
      for i in range(torch.len(b)):
        factor = __torch__.adapter.dora_factor(linear, start, a[i].to(weight.device), scaled[i].to(weight.device), magnitude[i].to(weight.device))
        base = torch.zeros_like(factor)
        if torch.len(linear.bias) > 0:
          base = linear.bias[0].narrow(0, start, b[i].size(0)).to(6)
        shift = base - base * factor
        if bias[i].numel() > 0:
          shift = bias[i].to(weight.device) - base * factor
        if lora_bias[i].numel() > 0:
          shift = shift + lora_bias[i].to(weight.device) * scaling[i]
        factors.append(factor)
        shifts.append(shift)
        start = start + b[i].size(0)
      entry.append(torch.cat(factors))
      entry.append(torch.cat(shifts))
    self.lora.append(entry)
    return torch.len(self.lora)

  # Adds the factors A [R, V] and B [H, R] of the embedding, and its magnitude [H] or an empty one; all float32.
  def add_embedding(self, base: Tensor, a: Tensor, b: Tensor, scaling: float, magnitude: Tensor) -> int:
    if torch.len(self.table) > 0:
      base = self.table[0]
    a = a.t().contiguous().to(base.device)   # [V, R]
    b = (b * scaling).t().contiguous().to(base.device)  # [R, H]
    self.embedding = [a.to(base, copy=True), b.to(base, copy=True)]
    if magnitude.numel() > 0:
      squares = torch.zeros([base.size(1)], dtype=7, device=base.device)
      for start in range(0, base.size(0), 4096):
        count = min(4096, base.size(0) - start)
        merged = base.narrow(0, start, count).to(6) + torch.matmul(a.narrow(0, start, count), b)
        squares = squares + (merged * merged).sum([0], dtype=7)
      self.embedding.append(magnitude.to(base.device) / squares.sqrt().to(6))
    return torch.len(self.embedding)

  # Adds another adapter's factors, multiplied by a weight, for all layers; neither may have more than factors.
  def add_weighted(self, other: __torch__.adapter.Adapter, weight: float) -> int:
    for i in range(torch.len(other.lora)):
      theirs = other.lora[i]
      if torch.len(self.lora) == i:
        self.lora.append(annotate(List[Tensor], []))
      if torch.len(theirs) > 0:
        ours = self.lora[i]
        weighted = (theirs[1].to(6) * weight).to(theirs[1].dtype)
        if torch.len(ours) == 0:
          self.lora[i] = [theirs[0], weighted]
        else:
          self.lora[i] = [torch.cat([ours[0], theirs[0]]), torch.cat([ours[1], weighted], 1)]
    if torch.len(other.embedding) > 0:
      weighted = (other.embedding[1].to(6) * weight).to(other.embedding[1].dtype)
      if torch.len(self.embedding) == 0:
        self.embedding = [other.embedding[0], weighted]
      else:
        self.embedding = [torch.cat([self.embedding[0], other.embedding[0]], 1), torch.cat([self.embedding[1], weighted])]
    return torch.len(self.lora)


# What DoRA (arXiv 2402.09353) multiplies output rows by: magnitude over the norm of the row of W + B A; else 1.
def dora_factor(linear: __torch__.linear.Linear, start: int, a: Tensor, b: Tensor, magnitude: Tensor) -> Tensor:
  # a [R, in], b [out, R] with the scaling in it, magnitude [out] or empty; -> [out]
  if magnitude.numel() == 0:
    return torch.ones([b.size(0)], dtype=6, device=b.device)
  norms = annotate(List[Tensor], [])
  for first in range(0, b.size(0), 4096):
    count = min(4096, b.size(0) - first)
    merged = linear.rows(start + first, count) + torch.matmul(b.narrow(0, first, count), a)
    norms.append(torch.linalg_vector_norm(merged, 2, [1]))
  return magnitude / torch.cat(norms)
