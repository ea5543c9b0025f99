# Llama as one TorchScript program: TorchScript's own text form, packed into an archive by
# TorchScriptArchive and run by libtorch. The operators are ATen's (torch.<name>). Beside this file:
# linear.py (linear layers), adapter.py (LoRA), rope.py (positions), sampling.py (the choice of a token).
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
  adapters : Dict[int, __torch__.adapter.Adapter]  # -1: none

  # The sequences
  keys : List[Tensor]                         # by layer, [B, K, capacity, D]
  values : List[Tensor]                       # by layer, [B, K, capacity, D]
  cos : List[Tensor]                          # by stage, [capacity, D]
  sin : List[Tensor]                          # by stage, [capacity, D]
  seen : List[Tensor]                         # one tensor [V], true for tokens of the sequence
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
    added = __torch__.adapter.Adapter.__new__(__torch__.adapter.Adapter)
    added.__init__()
    if adapter < 0:
      none = annotate(List[Tensor], [])
      for linear in self.linears:
        added.add(linear, none, none, annotate(List[float], []), none, none, none)
    self.adapters[adapter] = added
    return adapter

  # Adds what an adapter has for the next linear layer: see Adapter.
  def add_lora(self, adapter: int, a: List[Tensor], b: List[Tensor], scaling: List[float], magnitude: List[Tensor], bias: List[Tensor], lora_bias: List[Tensor]) -> int:
    added = self.adapters[adapter]
    linear = self.linears[torch.len(added.lora)]
    if torch.len(added.lora) == torch.len(self.linears) - 1 and torch.len(added.head) > 0:
      linear = added.head[0]
    return added.add(linear, a, b, scaling, magnitude, bias, lora_bias)

  def add_embedding_lora(self, adapter: int, a: Tensor, b: Tensor, scaling: float, magnitude: Tensor) -> int:
    return self.adapters[adapter].add_embedding(self.embedding[0], a, b, scaling, magnitude)

  # Stages a mapped tensor as its file has it.
  def stage_mapped(self, file: int, offset: int, shape: List[int]) -> int:
    self.staged.append(self.files[file].narrow(0, offset, shape[0] * shape[1]).view(shape))
    self.files.clear()
    return torch.len(self.staged)

  # Gives an adapter an embedding or head of its own: what is staged, or the base's where rows [n, H] take the place of
  # those of some tokens.
  def replace(self, adapter: int, head: bool, ids: List[int], rows: Tensor) -> int:
    like = self.norms[-1] if head else self.embedding[0]
    if torch.len(self.staged) > 0:
      table = self.staged.pop(-1).to(like, copy=True)  # who trains writes over adapter files, also mapped ones
    else:
      base = self.linears[-1].rows(0, self.embedding[0].size(0)).to(like) if head else self.embedding[0]
      table = base.index_copy(0, torch.tensor(ids, dtype=4, device=like.device), rows.to(like))
    added = self.adapters[adapter]
    if head:
      linear = __torch__.linear.Linear.__new__(__torch__.linear.Linear)
      linear.__init__([table], annotate(List[Tensor], []))
      linear.onednn = self.linears[-1].onednn
      added.head.append(linear)
    else:
      added.table.append(table)
    return adapter

  # Adds an adapter that does what others do, by weights: A side by side, B times the weight.
  def combine_adapters(self, adapter: int, others: List[int], weights: List[float]) -> int:
    self.add_adapter(adapter)
    for i in range(torch.len(others)):
      self.adapters[adapter].add_weighted(self.adapters[others[i]], weights[i])
    return adapter

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
    self.seen = [torch.zeros([self.embedding[0].size(0)], dtype=11, device=self.norms[-1].device)]
    return self.keys[0].size(2)

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
  def run(self, ids: Tensor, batch: int, start: int, adapter: __torch__.adapter.Adapter) -> Tensor:
    lora = adapter.lora
    x = adapter.embed(self.embedding[0], ids)
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
  def score(self, x: Tensor, adapter: __torch__.adapter.Adapter) -> Tensor:
    head = self.linears[-1]
    if torch.len(adapter.head) > 0:
      head = adapter.head[0]
    return head.forward(self.norm(x, 2 * self.layers), adapter.lora[-1]).to(6)

  # ---- calls ----

  # Takes a piece of the prompt into the cache; the last piece leaves its logits.
  def prefill(self, ids: List[int], start: int, adapter: int, last: bool) -> int:
    chosen = self.adapters[adapter]
    tokens = torch.tensor(ids, dtype=4, device=self.embedding[0].device)
    x = self.run(tokens, 1, start, chosen)
    self.seen[0].index_fill_(0, tokens.to(x.device), True)
    if last:
      self.logits = [self.score(x.narrow(0, x.size(0) - 1, 1), chosen)]
    return start + torch.len(ids)

  # Takes one token at a position into the cache and chooses the next.
  def decode(self, token: int, position: int, adapter: int, temperature: float, top_k: int, top_p: float, penalty: float, draw: float) -> int:
    self.prefill([token], position, adapter, True)
    return self.choose(temperature, top_k, top_p, penalty, draw)

  # The logits behind the newest token, [V], float32.
  def last_logits(self) -> Tensor:
    return self.logits[0][0].to(torch.device("cpu"))

  # Chooses the next token: see sampling.py.
  def choose(self, temperature: float, top_k: int, top_p: float, penalty: float, draw: float) -> int:
    return __torch__.sampling.choose(self.logits[0][0], self.seen[0], temperature, top_k, top_p, penalty, draw)
