# Llama as one TorchScript program: TorchScript's own text form, packed into an archive by
# TorchScriptArchive and run by libtorch. The operators are ATen's (torch.<name>).
#
# T tokens in this call, P positions in the cache so far, V vocabulary, H hidden size, I intermediate size,
# N query heads, K key-value heads, D head size, G = N / K query heads that share a key-value head, R LoRA rank.
#
# One sequence lives in the cache at a time. Whoever calls makes sure that calls do not overlap.
class Llama(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # Architecture
  layers : int
  heads : int
  kv_heads : int
  head_dim : int
  eps : float
  rope_theta : float
  rope_type : str        # default, linear or llama3
  rope_factor : float    # linear, llama3
  rope_low : float       # llama3: low_freq_factor
  rope_high : float      # llama3: high_freq_factor
  rope_original : float  # llama3: original_max_position_embeddings
  onednn : bool          # whether oneDNN multiplies this number format here

  # Weights. A layer has seven projections, numbered 7 * layer + 0 … 6: q, k, v, o, gate, up, down.
  files : List[Tensor]                        # mapped checkpoint files, each flat
  embedding : List[Tensor]                    # one tensor [V, H]
  head : List[Tensor]                         # one tensor [V, H], the embedding again when they are tied
  norms : List[Tensor]                        # [H] each: 2 * layer + 0 attention, + 1 MLP; the last is the final one
  weights : List[Tensor]                      # by projection, [out, in]
  biases : Dict[int, Tensor]                  # by projection, [out]
  adapters : Dict[int, List[Tensor]]          # by adapter: A [R, in] at 2 * projection, B [out, R] at 2 * projection + 1

  # The sequence
  keys : List[Tensor]                         # by layer, [1, K, capacity, D]
  values : List[Tensor]                       # by layer, [1, K, capacity, D]
  rope : List[Tensor]                         # cos and sin, [capacity, D] each
  seen : List[Tensor]                         # one tensor [V], true for tokens of the sequence
  logits : List[Tensor]                       # one tensor [V], float32, behind the newest token

  # ---- loading ----

  # Maps a file as `count` numbers of a type, without reading it; returns its number.
  def map_file(self, path: str, count: int, dtype: int) -> int:
    self.files.append(torch.from_file(path, False, count, dtype=dtype))
    return torch.len(self.files) - 1

  # A mapped tensor: a view where the type is the file's own, else a converted copy.
  def mapped(self, file: int, offset: int, shape: List[int], dtype: int) -> Tensor:
    count = 1
    for size in shape:
      count = count * size
    return self.files[file].narrow(0, offset, count).view(shape).to(dtype)

  # Puts a tensor into its place: embedding, head, norm, weight or bias; weights and norms come in order.
  def place(self, kind: str, tensor: Tensor, index: int) -> int:
    if kind == "embedding":
      self.embedding.append(tensor)
    elif kind == "head":
      self.head.append(tensor)
    elif kind == "norm":
      self.norms.append(tensor)
    elif kind == "bias":
      self.biases[index] = tensor
    else:
      self.weights.append(tensor)
    return index

  def place_mapped(self, kind: str, file: int, offset: int, shape: List[int], dtype: int, index: int) -> int:
    return self.place(kind, self.mapped(file, offset, shape, dtype), index)

  # The same for numbers that could not be mapped, as float32.
  def place_values(self, kind: str, numbers: Tensor, dtype: int, index: int) -> int:
    return self.place(kind, numbers.to(dtype, copy=True), index)

  def tie_head(self) -> int:
    self.head.append(self.embedding[0])
    return 0

  # Tries oneDNN, which has no fp16 on most processors, nor bf16 on old ones; fails where it cannot.
  def try_onednn(self) -> int:
    self.onednn = True
    x = torch.zeros([1, self.weights[0].size(1)], dtype=self.weights[0].dtype)
    return self.product(x, self.weights[0]).size(0)

  def leave_onednn(self) -> int:
    self.onednn = False
    return 0

  # Lets go of the mappings that no weight looks into.
  def loaded(self) -> int:
    self.files.clear()
    return 0

  def add_adapter(self, adapter: int) -> int:
    self.adapters[adapter] = annotate(List[Tensor], [])
    return adapter

  # Adds A and B of the next projection, float32; the scaling alpha / R goes into B.
  def add_lora(self, adapter: int, a: Tensor, b: Tensor, scaling: float) -> int:
    dtype = self.weights[0].dtype
    self.adapters[adapter].append(a.to(dtype, copy=True))
    self.adapters[adapter].append((b * scaling).to(dtype))
    return torch.len(self.adapters[adapter])

  def remove_adapter(self, adapter: int) -> int:
    self.adapters.pop(adapter)
    return adapter

  # ---- the sequence ----

  # Begins a sequence of at most `capacity` positions; keeps the buffers when they are large enough.
  def begin(self, capacity: int) -> int:
    weight = self.weights[0]
    if torch.len(self.keys) == 0 or self.keys[0].size(2) < capacity:
      self.keys.clear()
      self.values.clear()
      # Kept only when all could be made: there may be no memory for some.
      keys = annotate(List[Tensor], [])
      values = annotate(List[Tensor], [])
      for layer in range(self.layers):
        keys.append(torch.empty([1, self.kv_heads, capacity, self.head_dim], dtype=weight.dtype))
        values.append(torch.empty([1, self.kv_heads, capacity, self.head_dim], dtype=weight.dtype))
      self.rope = self.rope_tables(capacity, weight.dtype)
      self.keys = keys
      self.values = values
    self.seen = [torch.zeros([self.embedding[0].size(0)], dtype=11)]
    return self.keys[0].size(2)

  # The cosines and sines of all positions, [capacity, D] each (RoFormer, arXiv 2104.09864).
  def rope_tables(self, capacity: int, dtype: int) -> List[Tensor]:
    exponents = torch.arange(0, self.head_dim, 2, dtype=6) / float(self.head_dim)
    frequencies = torch.reciprocal(torch.pow(self.rope_theta, exponents))  # [D / 2]
    if self.rope_type == "linear":
      frequencies = frequencies / self.rope_factor
    elif self.rope_type == "llama3":
      frequencies = self.llama3_frequencies(frequencies)
    angles = torch.outer(torch.arange(capacity, dtype=6), frequencies)  # [capacity, D / 2]
    cos = angles.cos()
    sin = angles.sin()
    return [torch.cat([cos, cos], 1).to(dtype), torch.cat([torch.neg(sin), sin], 1).to(dtype)]

  # Llama 3.1's scaling: long wavelengths are slowed by the factor, short ones stay, between them it blends.
  def llama3_frequencies(self, frequencies: Tensor) -> Tensor:
    wavelengths = torch.reciprocal(frequencies) * (2.0 * 3.141592653589793)
    slowed = frequencies / self.rope_factor
    blend = (torch.reciprocal(wavelengths) * self.rope_original - self.rope_low) / (self.rope_high - self.rope_low)
    blended = (1.0 - blend) * slowed + blend * frequencies
    result = torch.where(wavelengths > self.rope_original / self.rope_low, slowed, frequencies)
    medium = torch.logical_and(wavelengths <= self.rope_original / self.rope_low, wavelengths >= self.rope_original / self.rope_high)
    return torch.where(medium, blended, result)

  # ---- the model ----

  # One row goes through oneDNN, which reads the matrix with all threads where MKL uses one (docs/performance.md).
  def product(self, x: Tensor, weight: Tensor) -> Tensor:
    # x [T, in], weight [out, in] -> [T, out]
    if self.onednn and x.size(0) == 1:
      return ops.mkldnn._linear_pointwise(x, weight, None, "none", annotate(List[Optional[number]], []), "")
    return torch.linear(x, weight)

  def linear(self, x: Tensor, projection: int, lora: List[Tensor]) -> Tensor:
    # x [T, in] -> [T, out]
    y = self.product(x, self.weights[projection])
    if projection in self.biases:
      y = y + self.biases[projection]
    if torch.len(lora) > 0:
      a = lora[2 * projection]
      if a.size(0) > 0:
        y = y + torch.linear(torch.linear(x, a), lora[2 * projection + 1])
    return y

  # Turns each pair (x[i], x[i + D / 2]) by its position's angle. Rolling by D / 2 swaps the halves; the
  # table of sines is negative in its first half.
  def rotate(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    # x [1, heads, T, D], cos and sin [T, D]
    return x * cos + torch.roll(x, [x.size(3) // 2], [3]) * sin

  def attention(self, x: Tensor, layer: int, start: int, cos: Tensor, sin: Tensor, lora: List[Tensor]) -> Tensor:
    # x [T, H] -> [T, H]
    tokens = x.size(0)
    end = start + tokens
    q = self.linear(x, 7 * layer, lora).view([1, tokens, self.heads, self.head_dim])
    k = self.linear(x, 7 * layer + 1, lora).view([1, tokens, self.kv_heads, self.head_dim])
    v = self.linear(x, 7 * layer + 2, lora).view([1, tokens, self.kv_heads, self.head_dim])
    turned = self.rotate(torch.cat([q, k], 2).transpose(1, 2), cos, sin)  # [1, N + K, T, D]
    q = turned.narrow(1, 0, self.heads)
    self.keys[layer].narrow(2, start, tokens).copy_(turned.narrow(1, self.heads, self.kv_heads))
    self.values[layer].narrow(2, start, tokens).copy_(v.transpose(1, 2))
    keys = self.keys[layer].narrow(2, 0, end)  # [1, K, P + T, D]
    values = self.values[layer].narrow(2, 0, end)
    if tokens == 1:
      # The query heads of a group stand where queries stand: nothing is repeated, nothing masked.
      q = q.reshape([1, self.kv_heads, self.heads // self.kv_heads, self.head_dim])
      y = torch.scaled_dot_product_attention(q, keys, values).view([1, self.heads * self.head_dim])
    elif start == 0:
      y = torch.scaled_dot_product_attention(q, keys, values, None, 0., True, scale=None, enable_gqa=True)
      y = y.transpose(1, 2).reshape([tokens, self.heads * self.head_dim])
    else:
      mask = torch.ones([tokens, end], dtype=11).tril(start)  # a token sees all before it, and itself
      y = torch.scaled_dot_product_attention(q, keys, values, mask, 0., False, scale=None, enable_gqa=True)
      y = y.transpose(1, 2).reshape([tokens, self.heads * self.head_dim])
    return self.linear(y, 7 * layer + 3, lora)

  def mlp(self, x: Tensor, layer: int, lora: List[Tensor]) -> Tensor:
    # SwiGLU: x [T, H] -> [T, I] -> [T, H]
    gate = torch.silu(self.linear(x, 7 * layer + 4, lora))
    return self.linear(gate * self.linear(x, 7 * layer + 5, lora), 7 * layer + 6, lora)

  # RMSNorm (arXiv 1910.07467). For one row the norm is a number, which spares most of rms_norm's operations.
  def norm(self, x: Tensor, index: int) -> Tensor:
    # x [T, H] -> [T, H]
    if x.size(0) > 1:
      return torch.rms_norm(x, [x.size(1)], self.norms[index], self.eps)
    length = float(torch.linalg_vector_norm(x, 2, None, False, dtype=6))
    return x * (1.0 / torch.sqrt(length * length / float(x.size(1)) + self.eps)) * self.norms[index]

  # Runs tokens at positions start … start + T - 1 through all layers; returns the last one's state [1, H].
  def run(self, ids: Tensor, start: int, adapter: int) -> Tensor:
    lora = annotate(List[Tensor], [])
    if adapter >= 0:
      lora = self.adapters[adapter]
    self.seen[0].index_fill_(0, ids, True)
    cos = self.rope[0].narrow(0, start, ids.size(0))  # [T, D]
    sin = self.rope[1].narrow(0, start, ids.size(0))
    x = torch.embedding(self.embedding[0], ids)  # [T, H]
    for layer in range(self.layers):
      x = x + self.attention(self.norm(x, 2 * layer), layer, start, cos, sin, lora)
      x = x + self.mlp(self.norm(x, 2 * layer + 1), layer, lora)
    return self.norm(x.narrow(0, x.size(0) - 1, 1), 2 * self.layers)

  # ---- calls ----

  # Takes a piece of the prompt into the cache; the last piece leaves its logits.
  def prefill(self, ids: List[int], start: int, adapter: int, last: bool) -> int:
    x = self.run(torch.tensor(ids, dtype=4), start, adapter)
    if last:
      self.logits = [self.product(x, self.head[0]).to(6).view([-1])]
    return start + torch.len(ids)

  # Takes one token at a position into the cache and chooses the next.
  def decode(self, token: int, position: int, adapter: int, temperature: float, top_k: int, top_p: float, penalty: float, draw: float) -> int:
    x = self.run(torch.tensor([token], dtype=4), position, adapter)
    self.logits = [self.product(x, self.head[0]).to(6).view([-1])]
    return self.choose(temperature, top_k, top_p, penalty, draw)

  # The logits behind the newest token, [V], float32.
  def last_logits(self) -> Tensor:
    return self.logits[0]

  # Chooses the next token: the likeliest when temperature is 0, else the one at which the cumulated
  # probability passes `draw`, a number in [0, 1) that the caller drew. -1 when the logits are not finite.
  def choose(self, temperature: float, top_k: int, top_p: float, penalty: float, draw: float) -> int:
    logits = self.logits[0]
    if not bool(torch.isfinite(logits.max())):
      return -1
    if penalty != 1.0:
      punished = torch.where(logits > 0.0, logits / penalty, logits * penalty)
      logits = torch.where(self.seen[0], punished, logits)
    if temperature == 0.0:
      return int(logits.argmax())
    return self.sample(logits / temperature, top_k, top_p, draw)

  def sample(self, logits: Tensor, top_k: int, top_p: float, draw: float) -> int:
    vocabulary = logits.size(0)
    if top_k <= 0 and top_p >= 1.0:
      return self.pick(torch.softmax(logits, 0), draw)
    if top_k > 0:
      kept, ids = torch.topk(logits, min(top_k, vocabulary))  # likeliest first
      tied = int((logits >= kept[-1]).sum())  # as in transformers, all that equal the k-th stay
      if tied > kept.size(0):
        kept, ids = torch.topk(logits, tied)
      probabilities = torch.softmax(kept, 0)
    else:
      # The nucleus is nearly always among the first thousand; sorting a whole vocabulary is slow.
      total = torch.logsumexp(logits, [0])
      kept, ids = torch.topk(logits, min(1024, vocabulary))
      probabilities = torch.exp(kept - total)
      if float(probabilities.sum()) < top_p:
        kept, ids = torch.topk(logits, vocabulary)
        probabilities = torch.exp(kept - total)
    if top_p >= 1.0:
      return int(ids[self.pick(probabilities, draw)])
    before = torch.cumsum(probabilities, 0) - probabilities
    nucleus = int((before < top_p).sum())  # up to the token that reaches top_p, that one included
    return int(ids[self.pick(probabilities[:nucleus], draw)])

  # The index at which the cumulated weights pass the drawn share of their sum.
  def pick(self, weights: Tensor, draw: float) -> int:
    cumulated = torch.cumsum(weights.to(7), 0)
    chosen = int((cumulated <= draw * float(cumulated[-1])).sum())
    return min(chosen, weights.size(0) - 1)
