package io.aicoder.eval.metric;

import io.aicoder.eval.metric.Sample.Step;
import java.util.ArrayList;
import java.util.List;

/**
 * What each further try of a run brought: round 0 is the first program, round r the r-th repair or
 * resample. Of a blind agent it is about the tests that the agent saw.
 *
 * @param rounds one for each round that any sample reached
 */
public record RepairRounds(List<Round> rounds) {

  /** Copies the rounds. */
  public RepairRounds {
    rounds = List.copyOf(rounds);
  }

  /**
   * One round.
   *
   * @param round from 0
   * @param fixed programs of this round that passed, of all that it wrote: the fix rate
   * @param solved samples that have passed by the end of this round, of all
   */
  public record Round(int round, Rate fixed, Rate solved) {}

  /** Counts; samples that the surroundings spoilt are left out. */
  public static RepairRounds of(List<Sample> samples) {
    List<Sample> scored = samples.stream().filter(sample -> !sample.best().spoilt()).toList();
    int most = scored.stream().mapToInt(sample -> sample.tries().size()).max().orElse(0);
    List<Round> rounds = new ArrayList<>();
    for (int round = 0; round < most; round++) {
      int index = round;
      List<Step> steps =
          scored.stream()
              .filter(sample -> sample.tries().size() > index)
              .map(sample -> sample.tries().get(index))
              .filter(step -> !step.spoilt())
              .toList();
      int fixed = (int) steps.stream().filter(Step::passed).count();
      int solved =
          (int)
              scored.stream()
                  .filter(sample -> sample.tries().stream().limit(index + 1).anyMatch(Step::passed))
                  .count();
      rounds.add(new Round(round, new Rate(fixed, steps.size()), new Rate(solved, scored.size())));
    }
    return new RepairRounds(rounds);
  }
}
