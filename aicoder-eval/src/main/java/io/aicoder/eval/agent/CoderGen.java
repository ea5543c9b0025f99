package io.aicoder.eval.agent;

import io.aicoder.eval.metric.Sample.Step;
import io.aicoder.eval.metric.Verdict;
import io.aicoder.eval.task.Task;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * The agent of the AICoderEval paper (arXiv 2406.04712): a program that fails its test is shown to
 * the model with output and traceback, the model writes a repair suggestion, and then the program
 * again, from output, error, code, suggestion and instruction.
 *
 * <p>It sees the output of the very test that scores it, so its figures are not blind: compare them
 * with {@link Resampling}.
 */
public final class CoderGen implements Agent {

  /** Repairs unless told otherwise. */
  public static final int DEFAULT_ROUNDS = 3;

  private static final Set<String> JUDGED_BY_TEST =
      Set.of(new Verdict.Partial().wireName(), new Verdict.Wrong().wireName());

  private final PromptTemplates templates;
  private final int rounds;

  /** Makes the agent with the library's own prompts and {@link #DEFAULT_ROUNDS}. */
  public CoderGen() {
    this(PromptTemplates.standard(), DEFAULT_ROUNDS);
  }

  /**
   * Makes the agent.
   *
   * @param templates the prompts
   * @param rounds the most repairs, 0 or more
   * @throws IllegalArgumentException when rounds is negative
   */
  public CoderGen(PromptTemplates templates, int rounds) {
    if (rounds < 0) {
      throw new IllegalArgumentException("rounds is " + rounds + ": it must be 0 or more");
    }
    this.templates = templates;
    this.rounds = rounds;
  }

  @Override
  public String name() {
    return "codergen";
  }

  @Override
  public int rounds() {
    return rounds;
  }

  @Override
  public String fingerprint(Task task, int sample) {
    return templates.text();
  }

  @Override
  public Draft draft(Task task, int sample, List<Step> tried, Questions questions) {
    GenerationOptions options = questions.options();
    if (tried.isEmpty()) {
      String prompt = templates.program(task.instruction());
      return Draft.answer(prompt, questions.ask(prompt, options.programTokens()));
    }
    Step last = tried.get(tried.size() - 1);
    String error = error(last);
    String suggestionPrompt = templates.suggest(last.stdout(), error, last.code());
    String suggestion =
        PythonText.strip(questions.ask(suggestionPrompt, options.suggestionTokens()));
    String prompt =
        templates.repair(last.stdout(), error, last.code(), suggestion, task.instruction());
    String answer = questions.ask(prompt, options.repairTokens());
    return new Draft(suggestionPrompt, suggestion, prompt, answer, null);
  }

  /** A program that was killed, or that never was, leaves no traceback: say what happened. */
  private static String error(Step step) {
    boolean judgedByTest = JUDGED_BY_TEST.contains(step.verdict());
    return step.stderr().isBlank() && !judgedByTest
        ? Objects.requireNonNullElse(step.detail(), "")
        : step.stderr();
  }
}
