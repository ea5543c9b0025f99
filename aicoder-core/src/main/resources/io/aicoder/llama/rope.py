# Rotary position embedding (RoFormer, arXiv 2104.09864). D head size.

# The cosines and sines of all positions, [capacity, D] each; the sines' first half is negative, see `rotate`.
def tables(capacity: int, dim: int, theta: float, kind: str, factor: float, low: float, high: float, original: float) -> List[Tensor]:
  exponents = torch.arange(0, dim, 2, dtype=6) / float(dim)
  frequencies = torch.reciprocal(torch.pow(theta, exponents))  # [D / 2]
  if kind == "linear":
    frequencies = frequencies / factor
  elif kind == "llama3":
    frequencies = __torch__.rope.llama3(frequencies, factor, low, high, original)
  angles = torch.outer(torch.arange(capacity, dtype=6), frequencies)  # [capacity, D / 2]
  cos = angles.cos()
  sin = angles.sin()
  return [torch.cat([cos, cos], 1), torch.cat([torch.neg(sin), sin], 1)]

# Llama 3.1's scaling: long wavelengths are slowed by the factor, short ones stay, between them it blends.
def llama3(frequencies: Tensor, factor: float, low: float, high: float, original: float) -> Tensor:
  wavelengths = torch.reciprocal(frequencies) * (2.0 * 3.141592653589793)
  slowed = frequencies / factor
  blend = (torch.reciprocal(wavelengths) * original - low) / (high - low)
  blended = (1.0 - blend) * slowed + blend * frequencies
  result = torch.where(wavelengths > original / low, slowed, frequencies)
  medium = torch.logical_and(wavelengths <= original / low, wavelengths >= original / high)
  return torch.where(medium, blended, result)

# Turns each pair (x[i], x[i + D / 2]) by its position's angle. Rolling by D / 2 swaps the halves; the
# table of sines is negative in its first half.
def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
  # x [B, heads, T, D], cos and sin [T, D]
  return x * cos + torch.roll(x, [x.size(3) // 2], [3]) * sin
