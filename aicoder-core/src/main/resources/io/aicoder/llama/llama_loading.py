
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

  # Computes a little on a device in a number format; fails where one cannot do the other.
  def try_device(self, device: str, dtype: int) -> int:
    x = torch.ones([1, 1, 16, 16], dtype=dtype, device=torch.device(device))
    y = torch.scaled_dot_product_attention(torch.linear(x, x[0][0]), x, x)
    return int(torch.rms_norm(y, [16]).sum())

  # Maps a file as `count` numbers of a type, without reading it; returns its number.
  def map_file(self, path: str, count: int, dtype: int) -> int:
    self.files.append(torch.from_file(path, False, count, dtype=dtype))
    return torch.len(self.files) - 1

  # The device of a stage; of none, -1, the processor.
  def device(self, stage: int) -> Device:
    return torch.device(self.devices[stage] if stage >= 0 else "cpu")

  # A mapped tensor: a view where the type and the device are the file's own, else a copy.
  def mapped(self, file: int, offset: int, shape: List[int], stage: int, dtype: int) -> Tensor:
    count = 1
    for size in shape:
      count = count * size
    view = self.files[file].narrow(0, offset, count).view(shape)
    return view.to(self.device(stage), dtype)

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
    return self.place(kind, numbers.to(self.device(stage), dtype, copy=True))

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

  # Replaces the staged matrices by their quantized form: groups of `group` numbers in 4 bits; 0: rows in 8 bits.
  def quantize_staged(self, group: int) -> int:
    parts = self.staged.copy()
    self.staged.clear()
    for tensor in __torch__.quantize.quantized(parts, group):
      self.staged.append(tensor)
    return torch.len(self.staged)

  def staged_tensors(self) -> List[Tensor]:
    return self.staged

  # Gives a linear layer that is not packed yet what is staged, in place of the same numbers elsewhere.
  def replace_parts(self, index: int) -> int:
    self.linears[index].parts = self.staged.copy()
    self.staged.clear()
    return index

  # Makes a linear layer of staged weights that are quantized ready. Several threads may, each another layer.
  def pack_linear(self, index: int, group: int) -> int:
    return self.linears[index].pack(group)

  # The same for a GPU: weights go to a stage's device, and are multiplied there with activations as they are.
  def pack_weight_only(self, index: int, group: int, stage: int, kernel: bool) -> int:
    return self.linears[index].pack_weight_only(group, self.norms[0].new_empty([0], device=self.device(stage)), kernel)

  # Whether a stage's device has a right kernel for few rows of quantized weights; fails where there is none.
  def kernel_agrees(self, group: int, stage: int) -> int:
    return int(__torch__.weightonly.kernel_agrees(self.norms[0].new_empty([0], device=self.device(stage)), group))

  # A linear layer's product [T, out], for who checks it.
  def linear_product(self, index: int, x: Tensor) -> Tensor:
    return self.linears[index].product(x)

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

  # Gives an adapter an embedding or head of its own: what is staged, or the base's where rows [n, H] take the place of
  # those of some tokens.
  def replace(self, adapter: int, head: bool, ids: List[int], rows: Tensor) -> int:
    like = self.norms[-1] if head else self.embedding[0]
    if torch.len(self.staged) > 0:
      table = self.staged.pop(-1).to(like, copy=True)  # who trains writes over adapter files, also mapped ones
      self.files.clear()
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
