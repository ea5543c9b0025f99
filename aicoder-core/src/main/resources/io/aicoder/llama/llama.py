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
  rotary_dim : int                            # how many of a head's numbers are turned: the first
  rope_type : str
  rope : Dict[str, float]                     # rope_theta, and the numbers of the scaling: see rope.py
  windows : List[int]                         # by layer, how many tokens one sees, itself included

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
  cos : List[Tensor]                          # by stage, [capacity, rotary_dim]
  sin : List[Tensor]                          # by stage, [capacity, rotary_dim]
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

  # Adds the next layer's window: how many tokens one sees, itself included.
  def add_window(self, window: int) -> int:
    self.windows.append(window)
    return torch.len(self.windows)

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
      self.make_tables(capacity, 0)
      self.keys = keys
      self.values = values
    self.seen = [torch.zeros([self.embedding[0].size(0)], dtype=11, device=self.norms[-1].device)]
    return self.keys[0].size(2)

  # Prepares for a prompt of some length: dynamic scaling turns all its positions by that.
  def expect(self, prompt: int) -> int:
    if self.rope_type == "dynamic":
      self.make_tables(self.keys[0].size(2), prompt)
    return prompt

  def make_tables(self, capacity: int, prompt: int) -> int:
    cos, sin = __torch__.rope.tables(capacity, prompt, self.rotary_dim, self.rope_type, self.rope)
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
    window = self.windows[layer]
    first = max(0, start + 1 - window)  # the oldest position that any of these tokens sees
    keys = keys.narrow(2, first, end - first)  # [B, K, P + T - first, D]
    values = values.narrow(2, first, end - first)
    q = turned.narrow(1, self.kv_heads, self.heads)
    if tokens == 1:
      # The query heads of a group stand where queries stand: nothing is repeated, nothing masked.
      q = q.reshape([batch, self.kv_heads, self.heads // self.kv_heads, self.head_dim])
      y = torch.scaled_dot_product_attention(q, keys, values)
    elif start == 0 and tokens <= window:
      y = torch.scaled_dot_product_attention(q, keys, values, None, 0., True, scale=None, enable_gqa=True)
    else:
      # A token sees those before it as far as the window reaches, and itself.
      mask = torch.ones([tokens, end - first], dtype=11, device=x.device).tril(start - first).triu(start - first - window + 1)
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
      cos = self.cos[stage].narrow(0, start, x.size(0) // batch)  # [T, rotary_dim]
      sin = self.sin[stage].narrow(0, start, x.size(0) // batch)
      for layer in range(self.starts[stage], self.starts[stage + 1]):
        x = x + self.attention(self.norm(x, 2 * layer), batch, layer, start, cos, sin, lora)
        x = x + self.mlp(self.norm(x, 2 * layer + 1), layer, lora)
    return x

  # The logits behind states [B, H]: [B, V], float32.
  def score(self, x: Tensor, lora: List[List[Tensor]]) -> Tensor:
    return self.linears[-1].forward(self.norm(x, 2 * self.layers), lora[-1]).to(6)

  # ---- calls ----

  # Takes a piece of the prompt into the cache; the last piece leaves its logits.
  def prefill(self, ids: List[int], start: int, adapter: int, last: bool) -> int:
    lora = self.adapters[adapter].lora
    tokens = torch.tensor(ids, dtype=4, device=self.embedding[0].device)
    x = self.run(tokens, 1, start, lora)
    self.seen[0].index_fill_(0, tokens.to(x.device), True)
    if last:
      self.logits = [self.score(x.narrow(0, x.size(0) - 1, 1), lora)]
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
