# How the next tokens are chosen from logits. B rows, one for each sequence; V vocabulary; C candidates.
#
# The order is that of transformers' generate(): logit bias, repetition penalty, presence and frequency penalty, no
# repeated n-gram, minimum of new tokens, mask of a constraint; for sampling then temperature, top-k, top-p, min-p,
# typical-p. A step that is switched off costs nothing.

# The options of one request, and what its sequences hold that they need to know.
class Sampler:
  temperature : float    # 0: the likeliest token
  top_k : int            # 0: all
  top_p : float          # 1: all
  min_p : float          # 0: all
  typical_p : float      # 1: all
  repetition : float     # 1: none
  presence : float       # 0: none
  frequency : float      # 0: none
  ngram : int            # 0: all may repeat
  min_new : int          # before so many new tokens none of `ending` is chosen
  ending : List[Tensor]  # none, or one tensor [E] of ids
  bias : List[Tensor]    # none, or one tensor [V]

  new_tokens : int
  seen : List[Tensor]     # with a repetition penalty [B, V], true for tokens of prompt and output
  counts : List[Tensor]   # with a presence or frequency penalty [B, V], how often each was generated
  history : List[Tensor]  # without repeated n-grams [B, P], all tokens
  masks : List[int]       # by row the number of a mask; empty: all tokens are allowed

  def __init__(self, temperature: float, top_k: int, top_p: float, min_p: float, typical_p: float, repetition: float, presence: float, frequency: float, ngram: int, min_new: int) -> NoneType:
    self.temperature = temperature
    self.top_k = top_k
    self.top_p = top_p
    self.min_p = min_p
    self.typical_p = typical_p
    self.repetition = repetition
    self.presence = presence
    self.frequency = frequency
    self.ngram = ngram
    self.min_new = min_new
    self.ending = annotate(List[Tensor], [])
    self.bias = annotate(List[Tensor], [])
    self.new_tokens = 0
    self.seen = annotate(List[Tensor], [])
    self.counts = annotate(List[Tensor], [])
    self.history = annotate(List[Tensor], [])
    self.masks = annotate(List[int], [])
    return None

  # Begins with one sequence: `near` is any tensor [V] on the device of the logits.
  def begin(self, near: Tensor, prompt: List[int], ending: List[int], bias_ids: List[int], bias: List[float]) -> int:
    vocabulary = near.size(0)
    tokens = torch.tensor(prompt, dtype=4, device=near.device).unsqueeze(0)
    if torch.len(ending) > 0:
      self.ending.append(torch.tensor(ending, dtype=4, device=near.device))
    if torch.len(bias) > 0:
      dense = torch.zeros([vocabulary], dtype=6, device=near.device)
      self.bias.append(dense.index_put([torch.tensor(bias_ids, dtype=4, device=near.device)], torch.tensor(bias, dtype=6, device=near.device)))
    if self.repetition != 1.0:
      self.seen.append(torch.zeros([1, vocabulary], dtype=11, device=near.device).scatter(1, tokens, True))
    if self.presence != 0.0 or self.frequency != 0.0:
      self.counts.append(torch.zeros([1, vocabulary], dtype=6, device=near.device))
    if self.ngram > 0:
      self.history.append(tokens)
    return torch.len(prompt)

  # Takes a new token of each sequence in, [B].
  def accept(self, tokens: Tensor) -> int:
    self.new_tokens = self.new_tokens + 1
    column = tokens.unsqueeze(1)
    if torch.len(self.seen) > 0:
      self.seen[0].scatter_(1, column, True)
    if torch.len(self.counts) > 0:
      self.counts[0].scatter_add_(1, column, torch.ones_like(column, dtype=6))
    if torch.len(self.history) > 0:
      self.history = [torch.cat([self.history[0], column], 1)]
    return self.new_tokens

  # Row i becomes what row rows[i] was.
  def arrange(self, rows: Tensor) -> int:
    self.seen = __torch__.sampling.arranged(self.seen, rows)
    self.counts = __torch__.sampling.arranged(self.counts, rows)
    self.history = __torch__.sampling.arranged(self.history, rows)
    return rows.size(0)

  # The scores [B, V] from which tokens are chosen; `masks` holds the constraints' by number.
  def process(self, scores: Tensor, masks: Dict[int, Tensor]) -> Tensor:
    if torch.len(self.bias) > 0:
      scores = scores + self.bias[0]
    if torch.len(self.seen) > 0:
      punished = torch.where(scores < 0.0, scores * self.repetition, scores / self.repetition)
      scores = torch.where(self.seen[0], punished, scores)
    if torch.len(self.counts) > 0:
      scores = scores - self.counts[0] * self.frequency - (self.counts[0] > 0.0).to(6) * self.presence
    if torch.len(self.history) > 0:
      scores = __torch__.sampling.without_repeats(scores, self.history[0], self.ngram)
    if self.new_tokens < self.min_new and torch.len(self.ending) > 0:
      scores = scores.index_fill(1, self.ending[0], -inf)
    if torch.len(self.masks) > 0:
      scores = scores.masked_fill(__torch__.sampling.forbidden(self.masks, masks, scores.size(1)), -inf)
    return scores

  # A token for each row. -1 when a logit is not finite, -2 when a row has no token left.
  def choose(self, logits: Tensor, draws: List[float], masks: Dict[int, Tensor]) -> List[int]:
    return self.pick(logits, self.process(logits, masks), draws)

  # The same for one row again, after its mask has changed.
  def choose_again(self, logits: Tensor, row: int, draw: float, masks: Dict[int, Tensor]) -> List[int]:
    return self.pick(logits, self.process(logits, masks).narrow(0, row, 1), [draw])

  def pick(self, logits: Tensor, scores: Tensor, draws: List[float]) -> List[int]:
    if not bool(torch.isfinite(scores.amax([1])).all()):
      return [-2 if bool(torch.isfinite(logits.amax())) else -1]
    if self.temperature == 0.0:
      return __torch__.sampling.numbers(scores.argmax(1))
    return __torch__.sampling.numbers(self.sample(scores / self.temperature, draws))

  # Where the cumulated probability of the tokens that are kept passes the drawn number in [0, 1).
  def sample(self, scores: Tensor, draws: List[float]) -> Tensor:
    if self.top_k <= 0 and self.top_p >= 1.0:
      return __torch__.sampling.drawn(self.filter(scores), draws)
    kept, ids = __torch__.sampling.likeliest(scores, self.top_k, self.top_p)
    chosen = __torch__.sampling.drawn(self.filter(kept), draws)
    return ids.gather(1, chosen.unsqueeze(1)).squeeze(1)

  def filter(self, scores: Tensor) -> Tensor:
    if self.min_p > 0.0:
      scores = __torch__.sampling.above(scores, self.min_p)
    if self.typical_p < 1.0:
      scores = __torch__.sampling.typical(scores, self.typical_p)
    return scores


def arranged(state: List[Tensor], rows: Tensor) -> List[Tensor]:
  if torch.len(state) == 0:
    return state
  return [state[0].index_select(0, rows)]

# Tokens that would complete an n-gram which the sequence holds already get no chance.
def without_repeats(scores: Tensor, history: Tensor, size: int) -> Tensor:
  # scores [B, V], history [B, P]
  length = history.size(1)
  if length < size:
    return scores
  vocabulary = scores.size(1)
  windows = history.unfold(1, size, 1)  # [B, P - size + 1, size]
  newest = history.narrow(1, length + 1 - size, size - 1).unsqueeze(1)
  matches = (windows.narrow(2, 0, size - 1) == newest).all(2)
  completing = torch.where(matches, windows.select(2, size - 1), vocabulary)
  banned = torch.zeros([scores.size(0), vocabulary + 1], dtype=11, device=scores.device).scatter(1, completing, True)
  return scores.masked_fill(banned.narrow(1, 0, vocabulary), -inf)

# Which tokens the masks of the rows forbid, [B, V]: token t is bit t % 64 of word t // 64.
def forbidden(rows: List[int], masks: Dict[int, Tensor], vocabulary: int) -> Tensor:
  words = annotate(List[Tensor], [])
  for row in rows:
    words.append(masks[row])
  packed = torch.stack(words).unsqueeze(2)  # [B, words, 1]
  bits = torch.bitwise_and(torch.bitwise_right_shift(packed, torch.arange(64, device=packed.device)), 1)
  return (bits == 0).view([torch.len(rows), -1]).narrow(1, 0, vocabulary)

# The candidates of top-k and top-p, likeliest first, and their ids, [B, C] each; what a row does not keep is -inf.
def likeliest(scores: Tensor, top_k: int, top_p: float) -> Tuple[Tensor, Tensor]:
  vocabulary = scores.size(1)
  if top_k > 0:
    kept, ids = torch.topk(scores, min(top_k, vocabulary), 1)
    least = kept.narrow(1, kept.size(1) - 1, 1).clamp(-3.4e38)
    tied = int((scores >= least).sum([1]).max())  # as in transformers, all that equal the k-th stay
    if tied > kept.size(1):
      kept, ids = torch.topk(scores, tied, 1)
      kept = kept.masked_fill(kept < least, -inf)
    total = torch.logsumexp(kept, [1], True)
  else:
    # The nucleus is nearly always among the first thousand; sorting a whole vocabulary is slow.
    total = torch.logsumexp(scores, [1], True)
    kept, ids = torch.topk(scores, min(1024, vocabulary), 1)
    if float(torch.exp(kept - total).sum([1]).min()) < top_p:
      kept, ids = torch.topk(scores, vocabulary, 1)
  if top_p < 1.0:
    probabilities = torch.exp(kept - total)
    before = torch.cumsum(probabilities, 1) - probabilities
    kept = kept.masked_fill(before >= top_p, -inf)  # behind the token that reaches top_p
  return kept, ids

# Keeps what has at least a share of the likeliest token's probability (min-p, arXiv 2407.01082).
def above(scores: Tensor, share: float) -> Tensor:
  probabilities = torch.softmax(scores, 1)
  return scores.masked_fill(probabilities < probabilities.amax([1], True) * share, -inf)

# Keeps the tokens of a probability mass whose surprise is nearest to the expected one (arXiv 2202.00666).
def typical(scores: Tensor, mass: float) -> Tensor:
  logs = torch.log_softmax(scores, 1)
  entropy = torch.neg(torch.nansum(logs * torch.exp(logs), [1], True))
  distance = torch.abs(torch.neg(logs) - entropy)
  ordered, order = torch.sort(distance, 1)
  cumulated = torch.cumsum(torch.softmax(scores.gather(1, order), 1), 1)
  last = (cumulated < mass).sum([1], True).clamp(0, scores.size(1) - 1)
  return scores.masked_fill(distance > ordered.gather(1, last), -inf)

# The index in each row at which the cumulated probability passes the drawn number, [B].
def drawn(scores: Tensor, draws: List[float]) -> Tensor:
  cumulated = torch.cumsum(torch.softmax(scores, 1).to(7), 1)
  total = cumulated.narrow(1, cumulated.size(1) - 1, 1)
  targets = torch.tensor(draws, dtype=7, device=scores.device).unsqueeze(1) * total
  # Below the total, so that rounding never leads to a token behind the last that is kept.
  targets = torch.minimum(targets, torch.nextafter(total, torch.zeros_like(total)))
  return (cumulated <= targets).sum([1])

def numbers(ids: Tensor) -> List[int]:
  if ids.size(0) == 1:
    return [int(ids)]
  near = ids.to(torch.device("cpu"))
  result = annotate(List[int], [])
  for row in range(ids.size(0)):
    result.append(int(near[row]))
  return result

# Of logits [B, V], by row: the token's log probability, then ids and log probabilities of the likeliest, [B, 1 + 2 count].
def log_probabilities(logits: Tensor, tokens: List[int], count: int) -> Tensor:
  logs = torch.log_softmax(logits, 1)
  chosen = logs.gather(1, torch.tensor(tokens, dtype=4, device=logits.device).unsqueeze(1))
  best, ids = torch.topk(logs, count, 1)
  return torch.cat([chosen.to(7), ids.to(7), best.to(7)], 1)
