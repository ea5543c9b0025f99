# T rows, R LoRA rank.

# A linear layer; or several that read the same input, their rows side by side in the output.
class Linear:
  parts : List[Tensor]    # [rows, in] each: one where the matrices lie in one piece, else several
  bias : List[Tensor]     # none, or one tensor [out]
  onednn : bool           # whether oneDNN multiplies this number format here

  def __init__(self, parts: List[Tensor], bias: List[Tensor]) -> NoneType:
    self.parts = parts
    self.bias = bias
    self.onednn = False
    return None

  # Adds a bias, and what an adapter has for this layer: see Adapter.
  def forward(self, x: Tensor, lora: List[Tensor]) -> Tensor:
    # x [T, in] -> [T, out]
    y = self.product(x)
    if torch.len(self.bias) > 0:
      y = y + self.bias[0]
    if torch.len(lora) > 0:
      y = y + torch.linear(torch.linear(x, lora[0]), lora[1])
      if torch.len(lora) > 2:
        y = (y * lora[2] + lora[3]).to(y.dtype)
    return y

  def product(self, x: Tensor) -> Tensor:
    # x [T, in] -> [T, out]
    if torch.len(self.parts) == 1:
      return self.multiply(x, self.parts[0])
    outputs = annotate(List[Tensor], [])
    for part in self.parts:
      outputs.append(self.multiply(x, part))
    return torch.cat(outputs, 1)

  # One row goes through oneDNN, which reads the matrix with all threads where MKL uses one (docs/performance.md).
  def multiply(self, x: Tensor, weight: Tensor) -> Tensor:
    if self.onednn and x.size(0) == 1:
      return ops.mkldnn._linear_pointwise(x, weight, None, "none", annotate(List[Optional[number]], []), "")
    return torch.linear(x, weight)

  # Tries oneDNN, which has no fp16 on most processors, nor bf16 on old ones; fails where it cannot.
  def try_onednn(self) -> int:
    weight = self.parts[0]
    self.onednn = True
    return self.product(torch.zeros([1, weight.size(1)], dtype=weight.dtype)).size(1)


  # Rows of the matrix itself, float32: what only DoRA needs.
  def rows(self, start: int, count: int) -> Tensor:
    # -> [count, in]
    found = annotate(List[Tensor], [])
    first = 0  # of the part
    for part in self.parts:
      begin = max(start, first)
      end = min(start + count, first + part.size(0))
      if begin < end:
        found.append(part.narrow(0, begin - first, end - begin).to(6))
      first = first + part.size(0)
    return torch.cat(found)
