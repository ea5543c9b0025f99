
  # ---- training: see training.py ----

  # Begins training: says how much layers keep, and in which number format frozen matrices are multiplied.
  def begin_training(self, keep: bool, dropout: float, format: int) -> int:
    sizes = [self.heads, self.kv_heads, self.head_dim, self.rotary_dim]
    layers = __torch__.trained.TrainedLayers.__new__(__torch__.trained.TrainedLayers)
    layers.__init__(self.linears, format, dropout)
    training = __torch__.training.Training.__new__(__torch__.training.Training)
    training.__init__(layers, self.norms, self.embedding[0], self.windows, self.rope_type, self.rope, sizes, self.eps)
    training.keep = keep
    self.trained.clear()
    self.trained.append(training)
    return torch.len(self.linears)

  # Computes as a GPU does: attention's backward pass is left to autograd, which has kernels of its own there, and
  # activations are of the weights' type.
  def train_as_gpu(self) -> int:
    self.trained[0].direct = False
    self.trained[0].wide = False
    return 0

  # The lengths of some rows of a frozen matrix, as it is held.
  def row_lengths(self, index: int, start: int, count: int) -> Tensor:
    # -> [count]
    linear = self.linears[index]
    found = annotate(List[Tensor], [])
    for first in range(0, count, 4096):
      rows = linear.rows(start + first, min(4096, count - first))
      found.append(torch.linalg_vector_norm(rows, 2, [1]))
    return torch.cat(found)

  # Adds what is trained of the next matrix of a linear layer; all its matrices are told, in the order of their rows.
  def train_part(self, index: int, start: int, rows: int, places: List[int], scaling: float) -> int:
    parts = self.trained[0].layers.parts
    while torch.len(parts) <= index:
      parts.append(annotate(List[__torch__.trained.Part], []))
    part = __torch__.trained.Part.__new__(__torch__.trained.Part)
    part.__init__(start, rows, places, scaling)
    parts[index].append(part)
    return torch.len(parts[index])

  # Says where among the parameters norms and the embedding stand, and how deep gradients are wanted.
  def train_rest(self, norms: List[int], table: int, lowest: int, deep: bool) -> int:
    training = self.trained[0]
    training.norm_weights = norms
    training.table = table
    training.lowest = lowest
    training.deep = deep
    return lowest

  # Prepares for a batch of examples of these lengths.
  def training_batch(self, lengths: List[int], seed: int, scale: float) -> int:
    training = self.trained[0]
    training.lengths = lengths
    training.layers.seed = seed
    training.layers.inverse_norms.clear()
    training.layers.masks.clear()
    training.scale = scale
    return torch.len(lengths)

  # The sum of a batch's losses, and a number whose gradients are the parameters'.
  def training_loss(self, ids: Tensor, targets: Tensor, p: List[Tensor]) -> List[Tensor]:
    return self.trained[0].loss(ids, targets, p, True)

  # The sum of a batch's losses alone.
  def validation_loss(self, ids: Tensor, targets: Tensor, p: List[Tensor]) -> List[Tensor]:
    return self.trained[0].loss(ids, targets, p, False)

  # One step of AdamW (arXiv 1711.05101) for one parameter, in place. Of lists that no one else has, TorchScript believes
  # that nothing changes them, and leaves the step out; so they are an attribute's.
  def adamw(self, parameter: Tensor, grad: Tensor, mean: Tensor, square: Tensor, step: float, rate: float, beta1: float, beta2: float, decay: float, eps: float) -> int:
    self.stepped.clear()
    for tensor in [parameter, grad, mean, square]:
      one = annotate(List[Tensor], [])
      one.append(tensor)
      self.stepped.append(one)
    steps = [torch.full([], step, dtype=6, device=parameter.device)]
    torch._fused_adamw_(self.stepped[0], self.stepped[1], self.stepped[2], self.stepped[3], annotate(List[Tensor], []), steps, lr=rate, beta1=beta1, beta2=beta2, weight_decay=decay, eps=eps, amsgrad=False, maximize=False)
    self.stepped.clear()
    return 0

  # The length of all gradients together; they are shortened to a length that is above 0 and less.
  def clip(self, grads: List[Tensor], longest: float) -> float:
    squares = annotate(List[Tensor], [])
    for grad in grads:
      squares.append(torch.linalg_vector_norm(grad))
    length = float(torch.linalg_vector_norm(torch.stack(squares)))
    if longest > 0.0 and length > longest:
      for grad in grads:
        grad.mul_(longest / (length + 1.e-6))
    return length
