# Rotary position embedding (RoFormer, arXiv 2104.09864). D the part of a head that is turned: its size, or less.
#
# `kind` is the rope_type of config.json, `rope` holds its numbers under their names there.

# The cosines and sines of all positions, [capacity, D] each; the sines' first half is negative, see `rotate`.
# `prompt` is the length of the prompt, which only dynamic scaling looks at.
def tables(capacity: int, prompt: int, dim: int, kind: str, rope: Dict[str, float]) -> List[Tensor]:
  powers = torch.pow(rope["rope_theta"], torch.arange(0, dim, 2, dtype=6) / float(dim))
  frequencies = torch.reciprocal(powers)  # [D / 2]
  scale = 1.0
  if kind == "linear":
    frequencies = frequencies / rope["factor"]
  elif kind == "llama3":
    frequencies = __torch__.rope.llama3(frequencies, rope)
  elif kind == "yarn":
    frequencies = __torch__.rope.yarn(powers, dim, rope)
    scale = rope["attention_factor"]
  elif kind == "dynamic":
    frequencies = __torch__.rope.dynamic(capacity, prompt, dim, rope)  # [capacity, D / 2]
  angles = torch.arange(capacity, dtype=6).unsqueeze(1) * frequencies  # [capacity, D / 2]
  cos = angles.cos() * scale
  sin = angles.sin() * scale
  return [torch.cat([cos, cos], 1), torch.cat([torch.neg(sin), sin], 1)]

# Llama 3.1's scaling: long wavelengths are slowed by the factor, short ones stay, between them it blends.
def llama3(frequencies: Tensor, rope: Dict[str, float]) -> Tensor:
  low = rope["low_freq_factor"]
  high = rope["high_freq_factor"]
  original = rope["original_max_position_embeddings"]
  wavelengths = torch.reciprocal(frequencies) * (2.0 * 3.141592653589793)
  slowed = frequencies / rope["factor"]
  blend = (torch.reciprocal(wavelengths) * original - low) / (high - low)
  blended = (1.0 - blend) * slowed + blend * frequencies
  result = torch.where(wavelengths > original / low, slowed, frequencies)
  medium = torch.logical_and(wavelengths <= original / low, wavelengths >= original / high)
  return torch.where(medium, blended, result)

# YaRN (arXiv 2309.00071): dimensions that turn less than beta_slow times within the original context are slowed by
# the factor, those that turn more than beta_fast times stay, between them it blends.
def yarn(powers: Tensor, dim: int, rope: Dict[str, float]) -> Tensor:
  low = __torch__.rope.turning(dim, rope["beta_fast"], rope)
  high = __torch__.rope.turning(dim, rope["beta_slow"], rope)
  if rope["truncate"] != 0.0:
    low = float(torch.floor(low))
    high = float(torch.ceil(high))
  low = max(low, 0.0)
  high = min(high, float(dim - 1))
  if low == high:
    high = high + 0.001
  slowed = torch.clamp((torch.arange(dim // 2, dtype=6) - low) / (high - low), 0.0, 1.0)
  return torch.reciprocal(powers * rope["factor"]) * slowed + torch.reciprocal(powers) * (1.0 - slowed)

# The dimension that turns so many times within the original context.
def turning(dim: int, turns: float, rope: Dict[str, float]) -> float:
  wavelength = rope["original_max_position_embeddings"] / (turns * 2.0 * 3.141592653589793)
  return float(dim) * torch.log(wavelength) / (2.0 * torch.log(rope["rope_theta"]))

# Dynamic NTK scaling: the base grows with the length of the text, once that is above the original. A position of the
# prompt goes by the whole prompt's length, a later one by the length up to itself. [capacity, D / 2]
def dynamic(capacity: int, prompt: int, dim: int, rope: Dict[str, float]) -> Tensor:
  original = rope["original_max_position_embeddings"]
  factor = rope["factor"]
  lengths = torch.clamp(torch.arange(1, capacity + 1, dtype=6), max(float(prompt), original)).unsqueeze(1)
  growth = torch.pow(lengths * factor / original - (factor - 1.0), float(dim) / float(dim - 2))
  return torch.reciprocal(torch.pow(growth * rope["rope_theta"], torch.arange(0, dim, 2, dtype=6) / float(dim)))

# Turns each pair (x[i], x[i + D / 2]) by its position's angle; what is behind D stays. Rolling by D / 2 swaps the
# halves; the table of sines is negative in its first half.
def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
  # x [B, heads, T, head size], cos and sin [T, D]
  dim = cos.size(1)
  if dim == x.size(3):
    return x * cos + torch.roll(x, [dim // 2], [3]) * sin
  turned = x.narrow(3, 0, dim)
  turned = turned * cos + torch.roll(turned, [dim // 2], [3]) * sin
  return torch.cat([turned, x.narrow(3, dim, x.size(3) - dim)], 3)
