package io.aicoder.llama;

import io.aicoder.checkpoint.Projection;
import java.util.List;

/**
 * The four linear layers that the program makes of a decoder layer's seven matrices: those that
 * read the same input are one.
 *
 * <p>K stands before Q because Q and V lie side by side in files sorted by name, as gate and up do.
 */
enum LinearGroup {
  /** Keys, queries and values. */
  KQV(Projection.K, Projection.Q, Projection.V),
  /** The output of attention. */
  O(Projection.O),
  /** The gate and the upward half of the MLP. */
  GATE_UP(Projection.GATE, Projection.UP),
  /** The way back from the MLP. */
  DOWN(Projection.DOWN);

  private final List<Projection> projections;

  LinearGroup(Projection... projections) {
    this.projections = List.of(projections);
  }

  /** Returns its matrices, in the order of their rows. */
  List<Projection> projections() {
    return projections;
  }
}
