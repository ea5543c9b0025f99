package io.aicoder.eval.agent;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One turn of a ReAct agent: what it thought, what it did, and what it saw of that.
 *
 * @param thought what the model wrote before its action; all of it where there was no action
 * @param action the action's name, such as {@code execute} or {@code submit}; {@code null} when the
 *     model wrote none
 * @param input what the action was given; empty when there was no action
 * @param observation what the tool showed; {@code null} when no tool was used
 */
public record Turn(
    String thought, @Nullable String action, String input, @Nullable String observation) {

  /**
   * Returns the turns of one round of a trajectory.
   *
   * @param round the round, from 0
   * @param calls the trajectory's calls, in order
   * @param tools its uses of tools, in order
   * @return the turns in order; none when no tool was used in the round
   */
  public static List<Turn> of(int round, List<Call> calls, List<ToolUse> tools) {
    List<ToolUse> uses = tools.stream().filter(use -> use.round() == round).toList();
    List<Turn> turns = new ArrayList<>();
    int used = 0;
    for (Call call : calls) {
      if (call.round() != round || uses.isEmpty()) {
        continue;
      }
      ReActTurn wanted = ReActTurn.parse(call.answer());
      // An action that is no tool's leaves no use behind.
      boolean isUse = used < uses.size() && uses.get(used).tool().equals(wanted.action());
      String observation = isUse ? uses.get(used++).observation() : null;
      turns.add(
          new Turn(ReActTurn.thought(call.answer()), wanted.action(), wanted.input(), observation));
    }
    return turns;
  }
}
