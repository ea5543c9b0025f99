# Llama as one TorchScript program: TorchScript's own text form, packed into an archive by
# TorchScriptArchive and run by libtorch. The operators are ATen's (torch.<name>). Beside this file:
# linear.py (linear layers and adapters), rope.py (positions), sampling.py (the choice of a token).
#
# B sequences, T tokens of each in this call (B or T is 1), P positions in the cache so far, V vocabulary, H hidden
# size, I intermediate size, N query heads, K key-value heads, D head size.
#
# Layers stand in stages, each on one device. Whoever calls makes sure that calls do not overlap.
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

  # Stages
  devices : List[str]                         # by stage, such as cpu or cuda:0
  starts : List[int]                          # by stage, its first layer; the number of layers behind the last
  on_cpu : bool                               # whether all stages are

  # Weights. A layer has four linear layers, 4 * layer + 0 … 3: k, q and v; o; gate and up; down. The head is the last.
  files : List[Tensor]                        # mapped checkpoint files, each flat
  staged : List[Tensor]                       # tensors that wait to become one linear layer
  staged_bias : List[Tensor]
  embedding : List[Tensor]                    # one tensor [V, H]
  norms : List[Tensor]                        # [H] each: 2 * layer + 0 attention, + 1 MLP; the last is the final one
  linears : List[__torch__.linear.Linear]
  adapters : Dict[int, __torch__.linear.Adapter]  # -1: none

  # The sequences
  keys : List[Tensor]                         # by layer, [B, K, capacity, D]
  values : List[Tensor]                       # by layer, [B, K, capacity, D]
  cos : List[Tensor]                          # by stage, [capacity, D]
  sin : List[Tensor]                          # by stage, [capacity, D]
  sampler : List[__torch__.sampling.Sampler]  # one: how their tokens are chosen
  masks : Dict[int, Tensor]                   # of constraints: int64, a bit for each token
  logits : List[Tensor]                       # one tensor [B, V], float32, behind the newest tokens

  # ---- loading ----

  # Adds the next stage of layers.
  def add_stage(self, device: str, first: int) -> int:
    if torch.len(self.starts) > 0:
      self.starts.pop(-1)
    self.devices.append(device)
    self.starts.append(first)
    self.starts.append(self.layers)
    self.on_cpu = self.on_cpu and device == "cpu"
    return torch.len(self.devices)

  # Maps a file as `count` numbers of a type, without reading it; returns its number.
  def map_file(self, path: str, count: int, dtype: int) -> int:
    self.files.append(torch.from_file(path, False, count, dtype=dtype))
    return torch.len(self.files) - 1

  # A mapped tensor: a view where the type and the device are the file's own, else a copy.
  def mapped(self, file: int, offset: int, shape: List[int], stage: int, dtype: int) -> Tensor:
    count = 1
    for size in shape:
      count = count * size
    view = self.files[file].narrow(0, offset, count).view(shape)
    return view.to(torch.device(self.devices[stage]), dtype)

  # Puts a tensor into its place, in order: embedding, norm, or what becomes part of the next linear layer.
  def place(self, kind: str, tensor: Tensor) -> int:
    if kind == "embedding":
      self.embedding.append(tensor)
    elif kind == "norm":
      self.norms.append(tensor)
    elif kind == "bias":
      self.staged_bias.append(tensor)
    else:
      self.staged.append(tensor)
    return 0

  def place_mapped(self, kind: str, file: int, offset: int, shape: List[int], stage: int, dtype: int) -> int:
    return self.place(kind, self.mapped(file, offset, shape, stage, dtype))

  # The same for numbers that could not be mapped.
  def place_values(self, kind: str, numbers: Tensor, stage: int, dtype: int) -> int:
    return self.place(kind, numbers.to(torch.device(self.devices[stage]), dtype, copy=True))

  # Makes the next linear layer of what is staged; in one piece when `fuse`, which copies.
  def add_linear(self, fuse: bool) -> int:
    parts = self.staged.copy()
    bias = self.staged_bias.copy()
    if fuse and torch.len(parts) > 1:
      parts = [torch.cat(parts)]
    if torch.len(bias) > 1:
      bias = [torch.cat(bias)]
    linear = __torch__.linear.Linear.__new__(__torch__.linear.Linear)
    linear.__init__(parts, bias)
    self.linears.append(linear)
    self.staged.clear()
    self.staged_bias.clear()
    return torch.len(self.linears)

  # The embedding again is what is staged for the head.
  def tie_head(self) -> int:
    return self.place("weight", self.embedding[0].to(torch.device(self.devices[-1])))

  def try_onednn(self) -> int:
    return self.linears[0].try_onednn()

  # Ends loading: chooses the kernel, and lets go of the mappings that no weight looks into.
  def loaded(self, onednn: bool) -> int:
    for linear in self.linears:
      linear.onednn = onednn
    self.files.clear()
    return self.add_adapter(-1)

  # Adds an adapter that adapts nothing yet.
  def add_adapter(self, adapter: int) -> int:
    added = __torch__.linear.Adapter.__new__(__torch__.linear.Adapter)
    added.__init__()
    if adapter < 0:
      for linear in self.linears:
        added.add(linear, annotate(List[Tensor], []), annotate(List[Tensor], []), annotate(List[float], []))
    self.adapters[adapter] = added
    return adapter

  # Adds the factors of an adapter for the next linear layer: see Adapter.
  def add_lora(self, adapter: int, a: List[Tensor], b: List[Tensor], scaling: List[float]) -> int:
    added = self.adapters[adapter]
    return added.add(self.linears[torch.len(added.lora)], a, b, scaling)

  def remove_adapter(self, adapter: int) -> int:
    self.adapters.pop(adapter)
    return adapter

  # ---- the sequences ----

  # Begins sequences of at most `capacity` positions; keeps the buffers when they are large enough.
  def begin(self, sequences: int, capacity: int) -> int:
    if torch.len(self.keys) == 0 or self.keys[0].size(0) < sequences or self.keys[0].size(2) < capacity:
      self.keys.clear()
      self.values.clear()
      # Kept only when all could be made: there may be no memory for some.
      keys = annotate(List[Tensor], [])
      values = annotate(List[Tensor], [])
      for layer in range(self.layers):
        near = self.norms[2 * layer]
        shape = [sequences, self.kv_heads, capacity, self.head_dim]
        keys.append(torch.empty(shape, dtype=near.dtype, device=near.device))
        values.append(torch.empty(shape, dtype=near.dtype, device=near.device))
      self.make_tables(capacity)
      self.keys = keys
      self.values = values
    return self.keys[0].size(2)

  # Sequence i becomes what sequence rows[i] is, in its first `length` positions: forks, drops and reorders.
  def arrange(self, rows: List[int], length: int) -> int:
    for layer in range(self.layers):
      for cache in [self.keys[layer], self.values[layer]]:
        used = cache.narrow(2, 0, length)
        chosen = used.index_select(0, torch.tensor(rows, dtype=4, device=cache.device))
        used.narrow(0, 0, torch.len(rows)).copy_(chosen)
    near = torch.tensor(rows, dtype=4, device=self.logits[0].device)
    self.logits = [self.logits[0].index_select(0, near)]
    return self.sampler[0].arrange(near)

  def make_tables(self, capacity: int) -> int:
    cos, sin = __torch__.rope.tables(capacity, self.head_dim, self.rope_theta, self.rope_type, self.rope_factor, self.rope_low, self.rope_high, self.rope_original)
    self.cos.clear()
    self.sin.clear()
    for device in self.devices:
      self.cos.append(cos.to(torch.device(device), self.norms[0].dtype))
      self.sin.append(sin.to(torch.device(device), self.norms[0].dtype))
    return capacity

  # ---- the model ----

  def attention(self, x: Tensor, batch: int, layer: int, start: int, cos: Tensor, sin: Tensor, lora: List[List[Tensor]]) -> Tensor:
    # x [B T, H] -> [B T, H]
    tokens = x.size(0) // batch
    end = start + tokens
    kqv = self.linears[4 * layer].forward(x, lora[4 * layer])
    kqv = kqv.view([batch, tokens, 2 * self.kv_heads + self.heads, self.head_dim]).transpose(1, 2)  # [B, 2 K + N, T, D]
    turned = __torch__.rope.rotate(kqv.narrow(1, 0, self.kv_heads + self.heads), cos, sin)
    keys = self.keys[layer].narrow(0, 0, batch)
    values = self.values[layer].narrow(0, 0, batch)
    keys.narrow(2, start, tokens).copy_(turned.narrow(1, 0, self.kv_heads))
    values.narrow(2, start, tokens).copy_(kqv.narrow(1, self.kv_heads + self.heads, self.kv_heads))
    keys = keys.narrow(2, 0, end)  # [B, K, P + T, D]
    values = values.narrow(2, 0, end)
    q = turned.narrow(1, self.kv_heads, self.heads)
    if tokens == 1:
      # The query heads of a group stand where queries stand: nothing is repeated, nothing masked.
      q = q.reshape([batch, self.kv_heads, self.heads // self.kv_heads, self.head_dim])
      y = torch.scaled_dot_product_attention(q, keys, values)
    elif start == 0:
      y = torch.scaled_dot_product_attention(q, keys, values, None, 0., True, scale=None, enable_gqa=True)
    else:
      mask = torch.ones([tokens, end], dtype=11, device=x.device).tril(start)  # a token sees all before it, and itself
      y = torch.scaled_dot_product_attention(q, keys, values, mask, 0., False, scale=None, enable_gqa=True)
    if tokens > 1:
      y = y.transpose(1, 2)
    return self.linears[4 * layer + 1].forward(y.reshape([batch * tokens, self.heads * self.head_dim]), lora[4 * layer + 1])

  def mlp(self, x: Tensor, layer: int, lora: List[List[Tensor]]) -> Tensor:
    # SwiGLU: x [T, H] -> [T, I] -> [T, H]
    gate, up = torch.chunk(self.linears[4 * layer + 2].forward(x, lora[4 * layer + 2]), 2, 1)
    return self.linears[4 * layer + 3].forward(torch.silu(gate) * up, lora[4 * layer + 3])

  # RMSNorm (arXiv 1910.07467). For one row the norm is a number, which spares most of rms_norm's operations.
  def norm(self, x: Tensor, index: int) -> Tensor:
    # x [T, H] -> [T, H]
    if x.size(0) > 1 or not self.on_cpu:
      return torch.rms_norm(x, [x.size(1)], self.norms[index], self.eps)
    length = float(torch.linalg_vector_norm(x, 2, None, False, dtype=6))
    return x * (1.0 / torch.sqrt(length * length / float(x.size(1)) + self.eps)) * self.norms[index]

  # Runs tokens [B T] at positions start … start + T - 1 through all layers; returns their states [B T, H].
  def run(self, ids: Tensor, batch: int, start: int, lora: List[List[Tensor]]) -> Tensor:
    x = torch.embedding(self.embedding[0], ids)
    for stage in range(torch.len(self.devices)):
      if stage > 0:
        x = x.to(torch.device(self.devices[stage]))
      cos = self.cos[stage].narrow(0, start, x.size(0) // batch)  # [T, D]
      sin = self.sin[stage].narrow(0, start, x.size(0) // batch)
      for layer in range(self.starts[stage], self.starts[stage + 1]):
        x = x + self.attention(self.norm(x, 2 * layer), batch, layer, start, cos, sin, lora)
        x = x + self.mlp(self.norm(x, 2 * layer + 1), layer, lora)
    return x

  # The logits behind states [B, H]: [B, V], float32.
  def score(self, x: Tensor, lora: List[List[Tensor]]) -> Tensor:
    return self.linears[-1].forward(self.norm(x, 2 * self.layers), lora[-1]).to(6)

  # ---- calls ----

  # Takes a piece of the first sequence into the cache; returns its states [T, H].
  def take(self, ids: List[int], start: int, adapter: int) -> Tensor:
    return self.run(torch.tensor(ids, dtype=4, device=self.embedding[0].device), 1, start, self.adapters[adapter].lora)

  # Takes a piece of the prompt into the cache; the last piece leaves its logits.
  def prefill(self, ids: List[int], start: int, adapter: int, last: bool) -> int:
    x = self.take(ids, start, adapter)
    if last:
      self.logits = [self.score(x.narrow(0, x.size(0) - 1, 1), self.adapters[adapter].lora)]
    return start + torch.len(ids)

  # Settles how tokens are chosen from now on, for one sequence: see sampling.py. `prompt` may be empty when
  # neither a repetition penalty nor repeated n-grams ask for it.
  def configure(self, temperature: float, top_k: int, top_p: float, min_p: float, typical_p: float, repetition: float, presence: float, frequency: float, ngram: int, min_new: int, prompt: List[int], ending: List[int], bias_ids: List[int], bias: List[float]) -> int:
    sampler = __torch__.sampling.Sampler.__new__(__torch__.sampling.Sampler)
    sampler.__init__(temperature, top_k, top_p, min_p, typical_p, repetition, presence, frequency, ngram, min_new)
    self.sampler.clear()
    self.sampler.append(sampler)
    vocabulary = torch.empty([self.embedding[0].size(0)], device=self.norms[-1].device)
    return sampler.begin(vocabulary, prompt, ending, bias_ids, bias)

  # Keeps a mask of tokens under a number.
  def put_mask(self, number: int, words: List[int]) -> int:
    self.masks[number] = torch.tensor(words, dtype=4, device=self.norms[-1].device)
    return number

  # Says which mask rules the next token of each sequence.
  def use_masks(self, numbers: List[int]) -> int:
    self.sampler[0].masks = numbers
    return torch.len(numbers)

  # Chooses the next token of each sequence, by a random number for each.
  def choose(self, draws: List[float]) -> List[int]:
    return self.sampler[0].choose(self.logits[0], draws, self.masks)

  # Chooses again for one sequence, after its mask has changed.
  def choose_again(self, row: int, draw: float) -> List[int]:
    return self.sampler[0].choose_again(self.logits[0], row, draw, self.masks)

  # Takes one token of each sequence, all at the same position, into the cache; leaves their logits.
  def advance(self, tokens: List[int], position: int, adapter: int) -> int:
    lora = self.adapters[adapter].lora
    ids = torch.tensor(tokens, dtype=4, device=self.embedding[0].device)
    self.logits = [self.score(self.run(ids, torch.len(tokens), position, lora), lora)]
    return self.sampler[0].accept(ids.to(self.logits[0].device))

  # Takes one token of each sequence and chooses the next ones.
  def decode(self, tokens: List[int], position: int, adapter: int, draws: List[float]) -> List[int]:
    self.advance(tokens, position, adapter)
    return self.choose(draws)

  # The `count` best continuations of all beams, given the beams' scores: their
  # scores, their beams and their tokens, [3, count].
  def continuations(self, scores: List[float], count: int) -> Tensor:
    logs = self.sampler[0].process(torch.log_softmax(self.logits[0], 1), self.masks)
    sums = (logs + torch.tensor(scores, dtype=6, device=logs.device).unsqueeze(1)).view([-1])
    best, places = torch.topk(sums, min(count, sums.size(0)))
    vocabulary = logs.size(1)
    beams = torch.floor_divide(places, vocabulary)
    return torch.stack([best.to(7), beams.to(7), torch.remainder(places, vocabulary).to(7)]).to(torch.device("cpu"))

  # The log probabilities of the chosen tokens and of the likeliest: see sampling.py.
  def log_probabilities(self, tokens: List[int], count: int) -> Tensor:
    return __torch__.sampling.log_probabilities(self.logits[0], tokens, count).to(torch.device("cpu"))

  # The logits behind the newest token, [V], float32.
  def last_logits(self) -> Tensor:
    return self.logits[0][0].to(torch.device("cpu"))

  # Takes a piece in; returns the log probabilities of the tokens behind its last positions, float32. The logits
  # of a few positions at a time bound the memory.
  def score_tokens(self, ids: List[int], targets: List[int], start: int, adapter: int) -> Tensor:
    x = self.take(ids, start, adapter)
    lora = self.adapters[adapter].lora
    expected = torch.tensor(targets, dtype=4, device=x.device)
    first = x.size(0) - expected.size(0)
    result = annotate(List[Tensor], [])
    for begin in range(0, expected.size(0), 64):
      count = min(64, expected.size(0) - begin)
      logits = self.score(x.narrow(0, first + begin, count), lora)
      chosen = logits.gather(1, expected.narrow(0, begin, count).unsqueeze(1))
      result.append((chosen - torch.logsumexp(logits, [1], True)).squeeze(1))
    return torch.cat(result).to(torch.device("cpu"))

  # Takes a piece in; returns its normed states: their sum, or the last, [H], float32.
  def embed(self, ids: List[int], start: int, adapter: int, last: bool) -> Tensor:
    x = self.take(ids, start, adapter)
    if last:
      x = x.narrow(0, x.size(0) - 1, 1)
    return self.norm(x, 2 * self.layers).to(6).sum([0]).to(torch.device("cpu"))
