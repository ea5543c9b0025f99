package io.aicoder.eval.metric;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One evaluated sample, one line of {@code samples.jsonl}.
 *
 * @param key a hash of all that decides the outcome: task, prompt, model, adapter, sampling, agent,
 *     limits; what a resumed run finds its finished samples by
 * @param taskId the task
 * @param sample which sample of the task, from 0
 * @param domain the task's domain
 * @param library the task's main library
 * @param difficulty how hard the task is said to be; {@code null} when nothing is said
 * @param steps every program that was tried, oldest first; one without an agent
 * @param exit why the agent stopped; {@code null} in samples of earlier versions
 * @param limits what the programs could use, where each task had limits of its own; else {@code
 *     null}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Sample(
    @JsonProperty("key") String key,
    @JsonProperty("task_id") String taskId,
    @JsonProperty("sample") int sample,
    @JsonProperty("domain") String domain,
    @JsonProperty("library") String library,
    @JsonProperty("difficulty") @Nullable String difficulty,
    @JsonProperty("steps") List<Step> steps,
    @JsonProperty("exit") @Nullable ExitStatus exit,
    @JsonProperty("limits") @Nullable String limits) {

  private static final String PASSED = new Verdict.Passed().wireName();
  private static final String INFRASTRUCTURE = new Verdict.Infrastructure("").wireName();

  /** Copies the steps; a blank difficulty is none. */
  public Sample {
    difficulty = difficulty == null || difficulty.isBlank() ? null : difficulty;
    steps = List.copyOf(steps);
    if (steps.isEmpty()) {
      throw new IllegalArgumentException("steps is empty: a sample has one at least");
    }
  }

  /** Makes a sample of unknown difficulty that does not say why its agent stopped. */
  public Sample(
      String key, String taskId, int sample, String domain, String library, List<Step> steps) {
    this(key, taskId, sample, domain, library, null, steps, null, null);
  }

  /** Makes a sample that had the limits of its run. */
  public Sample(
      String key,
      String taskId,
      int sample,
      String domain,
      String library,
      @Nullable String difficulty,
      List<Step> steps,
      @Nullable ExitStatus exit) {
    this(key, taskId, sample, domain, library, difficulty, steps, exit, null);
  }

  /**
   * One program: how it was asked for, what came, and what running it showed.
   *
   * @param suggestionPrompt the prompt that asked for a repair suggestion; {@code null} in the
   *     first step
   * @param suggestion the suggestion; {@code null} in the first step
   * @param prompt the prompt that asked for the program
   * @param answer the model's answer, whole
   * @param code the program taken from it, without test; empty when there was none
   * @param verdict the verdict's wire name
   * @param detail exception, signal or missing thing; {@code null} when there is nothing to add
   * @param casesPassed test cases that succeeded
   * @param casesTotal test cases there are
   * @param stdout what the program wrote
   * @param stderr what it wrote to standard error
   * @param lines non-blank lines of the code (CL)
   * @param codeTokens tokens of the code (CT)
   * @param promptTokens prompt tokens of the step's model calls
   * @param completionTokens completion tokens of the step's model calls
   * @param generateSeconds time in the model
   * @param executeSeconds time in the sandbox
   * @param shownTest the test that was run instead of the scoring one, with the line that calls it:
   *     verdict and cases are about it, and the step is not scored. {@code null} in scored steps
   * @param usd what the step's model calls cost in US dollars; {@code null} when nobody knows
   * @param cpuSeconds the program's processor time; {@code null} when it was not measured
   * @param memoryBytes the most address space that it had beyond its interpreter's; {@code null}
   *     when it was not measured
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Step(
      @JsonProperty("suggestion_prompt") @Nullable String suggestionPrompt,
      @JsonProperty("suggestion") @Nullable String suggestion,
      @JsonProperty("prompt") String prompt,
      @JsonProperty("answer") String answer,
      @JsonProperty("code") String code,
      @JsonProperty("verdict") String verdict,
      @JsonProperty("detail") @Nullable String detail,
      @JsonProperty("cases_passed") int casesPassed,
      @JsonProperty("cases_total") int casesTotal,
      @JsonProperty("stdout") String stdout,
      @JsonProperty("stderr") String stderr,
      @JsonProperty("lines") int lines,
      @JsonProperty("code_tokens") int codeTokens,
      @JsonProperty("prompt_tokens") int promptTokens,
      @JsonProperty("completion_tokens") int completionTokens,
      @JsonProperty("generate_seconds") double generateSeconds,
      @JsonProperty("execute_seconds") double executeSeconds,
      @JsonProperty("shown_test") @Nullable String shownTest,
      @JsonProperty("usd") @Nullable Double usd,
      @JsonProperty("cpu_seconds") @Nullable Double cpuSeconds,
      @JsonProperty("memory_bytes") @Nullable Long memoryBytes) {

    /** Makes a step that ran the scoring test, at an unknown price. */
    public Step(
        @Nullable String suggestionPrompt,
        @Nullable String suggestion,
        String prompt,
        String answer,
        String code,
        String verdict,
        @Nullable String detail,
        int casesPassed,
        int casesTotal,
        String stdout,
        String stderr,
        int lines,
        int codeTokens,
        int promptTokens,
        int completionTokens,
        double generateSeconds,
        double executeSeconds) {
      this(
          suggestionPrompt,
          suggestion,
          prompt,
          answer,
          code,
          verdict,
          detail,
          casesPassed,
          casesTotal,
          stdout,
          stderr,
          lines,
          codeTokens,
          promptTokens,
          completionTokens,
          generateSeconds,
          executeSeconds,
          null,
          null,
          null,
          null);
    }

    /** Returns the traceback of the exception that ended the program, or {@code null}. */
    public @Nullable Traceback traceback() {
      boolean raised = verdict.equals(Verdict.Raised.WIRE_NAME);
      return raised ? Traceback.last(stderr) : null;
    }

    /** Tells whether every case succeeded. */
    public boolean passed() {
      return verdict.equals(PASSED);
    }

    /** Tells whether the surroundings failed, so that the step says nothing about the program. */
    public boolean spoilt() {
      return verdict.equals(INFRASTRUCTURE);
    }

    /** Tells whether the scoring test judged this step. */
    @JsonIgnore
    public boolean isScored() {
      return shownTest == null;
    }
  }

  /**
   * Returns the programs that were tried, without the last step of blind mode, which scores the
   * best of them again.
   */
  public List<Step> tries() {
    List<Step> shown = steps.stream().filter(step -> !step.isScored()).toList();
    return shown.isEmpty() ? steps : shown;
  }

  /**
   * Returns the step that counts: of those that the scoring test judged, the first with the most
   * cases passed. In blind mode there is one such step, the last.
   */
  public Step best() {
    List<Step> scored = steps.stream().filter(Step::isScored).toList();
    return best(scored.isEmpty() ? steps : scored);
  }

  /** Returns the first of some steps, one at least, with the most cases passed. */
  public static Step best(List<Step> steps) {
    Step best = steps.get(0);
    for (Step step : steps) {
      if (step.casesPassed() > best.casesPassed()) {
        best = step;
      }
    }
    return best;
  }
}
