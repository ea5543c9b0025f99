package io.aicoder.eval.run;

import io.aicoder.eval.metric.Rate;

/**
 * Hears how a run gets on. Its methods are called by several threads, but never two at a time; they
 * should return quickly.
 */
public interface ProgressListener {

  /** Hears nothing. */
  ProgressListener SILENT =
      new ProgressListener() {
        @Override
        public void phaseStarted(String phase, int total) {}

        @Override
        public void finished(String id, Rate srAll) {}

        @Override
        public void phaseEnded(String phase) {}
      };

  /**
   * A phase begins.
   *
   * @param phase what is done, for people
   * @param total how many programs or samples it has
   */
  void phaseStarted(String phase, int total);

  /**
   * One program or sample of the phase is finished, or was found finished already.
   *
   * @param id the task's id
   * @param srAll SR@All of what is finished in this phase, infrastructure failures left out
   */
  void finished(String id, Rate srAll);

  /** The phase is over, or was broken off. */
  void phaseEnded(String phase);
}
