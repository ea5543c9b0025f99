# Llama as one TorchScript program: TorchScript's own text form, packed into an archive by
# TorchScriptArchive and run by libtorch. The operators are ATen's (torch.<name>). Beside this file:
# linear.py (linear layers), quantize.py and weightonly.py (their weights in fewer bits), adapter.py (LoRA), rope.py
# (positions), sampling.py (the choice of a token), training.py (gradients). The class goes on in llama_loading.py, with
# how weights come into it, and in llama_training.py.
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
  adapters : Dict[int, __torch__.adapter.Adapter]  # -1: none

  # The sequences
  cache : List[Tensor]                        # by stage, keys and values of its layers: [2, layers, B, K, capacity, D]
  cos : List[Tensor]                          # by stage, [capacity, rotary_dim]
  sin : List[Tensor]                          # by stage, [capacity, rotary_dim]
  sampler : List[__torch__.sampling.Sampler]  # one: how their tokens are chosen
  masks : Dict[int, Tensor]                   # of constraints: int64, a bit for each token
  logits : List[Tensor]                       # one tensor [B, V], float32, behind the newest tokens

  trained : List[__torch__.training.Training] # none, or what is trained
  stepped : List[List[Tensor]]                # none, or what the optimizer changes just now

  # ---- the sequences ----

  # Begins sequences of at most `capacity` positions; keeps the buffers when they are large enough.
  def begin(self, sequences: int, capacity: int) -> int:
    if torch.len(self.cache) == 0 or self.cache[0].size(2) < sequences or self.cache[0].size(4) < capacity:
      self.cache.clear()
      # Kept only when all could be made: there may be no memory for some.
      made = annotate(List[Tensor], [])
      for stage in range(torch.len(self.devices)):
        shape = [2, self.starts[stage + 1] - self.starts[stage], sequences, self.kv_heads, capacity, self.head_dim]
        made.append(torch.empty(shape, dtype=self.norms[0].dtype, device=torch.device(self.devices[stage])))
      self.make_tables(capacity, 0)
      self.cache = made
    return self.cache[0].size(4)

  # Sequence i becomes what sequence rows[i] is, in its first `length` positions: forks, drops and reorders.
  def arrange(self, rows: List[int], length: int) -> int:
    for cache in self.cache:
      used = cache.narrow(4, 0, length)
      chosen = used.index_select(2, torch.tensor(rows, dtype=4, device=cache.device))
      used.narrow(2, 0, torch.len(rows)).copy_(chosen)
    near = torch.tensor(rows, dtype=4, device=self.logits[0].device)
    self.logits = [self.logits[0].index_select(0, near)]
    return self.sampler[0].arrange(near)

  # Prepares for a prompt of some length: dynamic scaling turns all its positions by that.
  def expect(self, prompt: int) -> int:
    if self.rope_type == "dynamic":
      self.make_tables(self.cache[0].size(4), prompt)
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

  # `fresh` are the places of these tokens' keys and values, `keys` and `values` all up to them.
  def attention(self, x: Tensor, layer: int, start: int, cos: Tensor, sin: Tensor, fresh: List[Tensor], keys: Tensor, values: Tensor, lora: List[List[Tensor]]) -> Tensor:
    # x [B T, H], fresh [B, K, T, D] twice, keys and values [B, K, P + T, D] -> [B T, H]
    batch = keys.size(0)
    tokens = x.size(0) // batch
    kqv = self.linears[4 * layer].forward(x, lora[4 * layer])
    kqv = kqv.view([batch, tokens, 2 * self.kv_heads + self.heads, self.head_dim]).transpose(1, 2)  # [B, 2 K + N, T, D]
    turned = __torch__.rope.rotate(kqv.narrow(1, 0, self.kv_heads + self.heads), cos, sin)
    fresh[0].copy_(turned.narrow(1, 0, self.kv_heads))
    fresh[1].copy_(kqv.narrow(1, self.kv_heads + self.heads, self.kv_heads))
    window = self.windows[layer]
    first = max(0, start + 1 - window)  # the oldest position that any of these tokens sees
    if first > 0:
      keys = keys.narrow(2, first, start + tokens - first)
      values = values.narrow(2, first, start + tokens - first)
    q = turned.narrow(1, self.kv_heads, self.heads)
    if tokens == 1:
      # The query heads of a group stand where queries stand: nothing is repeated, nothing masked.
      q = q.reshape([batch, self.kv_heads, self.heads // self.kv_heads, self.head_dim])
      y = torch.scaled_dot_product_attention(q, keys, values)
    elif start == 0 and tokens <= window:
      y = torch.scaled_dot_product_attention(q, keys, values, None, 0., True, scale=None, enable_gqa=True)
    else:
      # A token sees those before it as far as the window reaches, and itself.
      mask = torch.ones([tokens, keys.size(2)], dtype=11, device=x.device).tril(start - first).triu(start - first - window + 1)
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
    x = adapter.embed(self.embedding[0], ids).to(self.norms[0].dtype)
    for stage in range(torch.len(self.devices)):
      if stage > 0:
        x = x.to(torch.device(self.devices[stage]))
      tokens = x.size(0) // batch
      cos = self.cos[stage].narrow(0, start, tokens)  # [T, rotary_dim]
      sin = self.sin[stage].narrow(0, start, tokens)
      first = self.starts[stage]
      layers = self.starts[stage + 1] - first
      # Keys and values of all layers at once: a view costs as much as a small computation.
      cache = self.cache[stage].narrow(2, 0, batch).flatten(0, 1)  # [2 layers, B, K, capacity, D]
      fresh = torch.unbind(cache.narrow(3, start, tokens))
      seen = torch.unbind(cache.narrow(3, 0, start + tokens))
      for i in range(layers):
        layer = first + i
        x = x + self.attention(self.norm(x, 2 * layer), layer, start, cos, sin, [fresh[i], fresh[layers + i]], seen[i], seen[layers + i], lora)
        x = x + self.mlp(self.norm(x, 2 * layer + 1), layer, lora)
    return x

  # The logits behind states [B, H]: [B, V], float32.
  def score(self, x: Tensor, adapter: __torch__.adapter.Adapter) -> Tensor:
    head = self.linears[-1]
    if torch.len(adapter.head) > 0:
      head = adapter.head[0]
    return head.forward(self.norm(x, 2 * self.layers), adapter.lora[-1]).to(6)

  # ---- calls ----

  # Takes a piece of the first sequence into the cache; returns its states [T, H].
  def take(self, ids: List[int], start: int, adapter: int) -> Tensor:
    return self.run(torch.tensor(ids, dtype=4, device=self.embedding[0].device), 1, start, self.adapters[adapter])

  # Takes a piece of the prompt into the cache; the last piece leaves its logits.
  def prefill(self, ids: List[int], start: int, adapter: int, last: bool) -> int:
    x = self.take(ids, start, adapter)
    if last:
      self.logits = [self.score(x.narrow(0, x.size(0) - 1, 1), self.adapters[adapter])]
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
    chosen = self.adapters[adapter]
    ids = torch.tensor(tokens, dtype=4, device=self.embedding[0].device)
    self.logits = [self.score(self.run(ids, torch.len(tokens), position, chosen), chosen)]
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
    expected = torch.tensor(targets, dtype=4, device=x.device)
    first = x.size(0) - expected.size(0)
    result = annotate(List[Tensor], [])
    for begin in range(0, expected.size(0), 64):
      count = min(64, expected.size(0) - begin)
      logits = self.score(x.narrow(0, first + begin, count), self.adapters[adapter])
      chosen = logits.gather(1, expected.narrow(0, begin, count).unsqueeze(1))
      result.append((chosen - torch.logsumexp(logits, [1], True)).squeeze(1))
    return torch.cat(result).to(torch.device("cpu"))

  # Takes a piece in; returns its normed states: their sum, or the last, [H], float32.
  def embed(self, ids: List[int], start: int, adapter: int, last: bool) -> Tensor:
    x = self.take(ids, start, adapter)
    if last:
      x = x.narrow(0, x.size(0) - 1, 1)
    return self.norm(x, 2 * self.layers).to(6).sum([0]).to(torch.device("cpu"))
