# How the next token is chosen from logits [V], float32.

# The likeliest when temperature is 0, else the one at which the cumulated probability passes `draw`, a number
# in [0, 1) that the caller drew. -1 when the logits are not finite. `seen` [V] is true for tokens of the sequence.
def choose(logits: Tensor, seen: Tensor, temperature: float, top_k: int, top_p: float, penalty: float, draw: float) -> int:
  if not bool(torch.isfinite(logits.max())):
    return -1
  if penalty != 1.0:
    punished = torch.where(logits > 0.0, logits / penalty, logits * penalty)
    logits = torch.where(seen, punished, logits)
  if temperature == 0.0:
    return int(logits.argmax())
  return __torch__.sampling.sample(logits / temperature, top_k, top_p, draw)

def sample(logits: Tensor, top_k: int, top_p: float, draw: float) -> int:
  vocabulary = logits.size(0)
  if top_k <= 0 and top_p >= 1.0:
    return __torch__.sampling.pick(torch.softmax(logits, 0), draw)
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
    return int(ids[__torch__.sampling.pick(probabilities, draw)])
  before = torch.cumsum(probabilities, 0) - probabilities
  nucleus = int((before < top_p).sum())  # up to the token that reaches top_p, that one included
  return int(ids[__torch__.sampling.pick(probabilities[:nucleus], draw)])

# The index at which the cumulated weights pass the drawn share of their sum.
def pick(weights: Tensor, draw: float) -> int:
  cumulated = torch.cumsum(weights.to(7), 0)
  chosen = int((cumulated <= draw * float(cumulated[-1])).sum())
  return min(chosen, weights.size(0) - 1)
