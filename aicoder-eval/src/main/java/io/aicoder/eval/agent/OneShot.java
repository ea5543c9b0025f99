package io.aicoder.eval.agent;

import io.aicoder.eval.metric.Sample.Step;
import io.aicoder.eval.task.Task;
import java.util.List;

/** No agent at all: one question, one program. */
public final class OneShot implements Agent {

  private final PromptTemplates templates;

  /** Makes the agent with the library's own prompt. */
  public OneShot() {
    this(PromptTemplates.standard());
  }

  /** Makes the agent with other prompts. */
  public OneShot(PromptTemplates templates) {
    this.templates = templates;
  }

  @Override
  public String name() {
    return "none";
  }

  @Override
  public int rounds() {
    return 0;
  }

  @Override
  public String fingerprint(Task task, int sample) {
    return templates.program(task.instruction());
  }

  @Override
  public Draft draft(Task task, int sample, List<Step> tried, Questions questions) {
    String prompt = templates.program(task.instruction());
    return Draft.answer(prompt, questions.ask(prompt, questions.options().programTokens()));
  }
}
