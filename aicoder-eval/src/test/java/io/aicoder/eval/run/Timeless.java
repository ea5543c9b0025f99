package io.aicoder.eval.run;

import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.metric.Sample.Step;

/** Samples without what a clock says. */
final class Timeless {

  private Timeless() {}

  static Sample of(Sample s) {
    return new Sample(
        s.key(),
        s.taskId(),
        s.sample(),
        s.domain(),
        s.library(),
        s.difficulty(),
        s.steps().stream().map(Timeless::of).toList(),
        s.exit());
  }

  private static Step of(Step s) {
    return new Step(
        s.suggestionPrompt(),
        s.suggestion(),
        s.prompt(),
        s.answer(),
        s.code(),
        s.verdict(),
        s.detail(),
        s.casesPassed(),
        s.casesTotal(),
        s.stdout(),
        s.stderr(),
        s.lines(),
        s.codeTokens(),
        s.promptTokens(),
        s.completionTokens(),
        0,
        0);
  }
}
