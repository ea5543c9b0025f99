package io.aicoder.text.jinja;

import io.aicoder.text.jinja.Values.Attributed;
import io.aicoder.text.jinja.Values.Undefined;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A part of a template that writes text or sets names. */
sealed interface Statement {

  /** How a statement ends. */
  enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  /** Returns its line in the template. */
  int line();

  Flow run(Scope scope, StringBuilder out);

  /** Runs statements in order; an error gets the line of its statement. */
  static Flow runAll(List<Statement> statements, Scope scope, StringBuilder out) {
    for (Statement statement : statements) {
      try {
        Flow flow = statement.run(scope, out);
        if (flow != Flow.NEXT) {
          return flow;
        }
      } catch (TemplateException e) {
        throw e.at(statement.line());
      }
    }
    return Flow.NEXT;
  }

  private static String capture(List<Statement> body, Scope scope) {
    StringBuilder captured = new StringBuilder();
    runAll(body, scope, captured);
    return captured.toString();
  }

  /** Text between tags. */
  record Text(int line, String text) implements Statement {
    @Override
    public Flow run(Scope scope, StringBuilder out) {
      out.append(text);
      return Flow.NEXT;
    }
  }

  /** {@code {{ value }}}. */
  record Output(int line, Expression value) implements Statement {
    @Override
    public Flow run(Scope scope, StringBuilder out) {
      out.append(Values.text(value.evaluate(scope)));
      return Flow.NEXT;
    }
  }

  /**
   * {@code {% if %}}, its {@code elif} and {@code else}.
   *
   * @param conditions one for each body, but for a last body without
   * @param bodies what is run
   */
  record If(int line, List<Expression> conditions, List<List<Statement>> bodies)
      implements Statement {
    @Override
    public Flow run(Scope scope, StringBuilder out) {
      for (int i = 0; i < bodies.size(); i++) {
        if (i == conditions.size() || Values.truth(conditions.get(i).evaluate(scope))) {
          return runAll(bodies.get(i), scope, out);
        }
      }
      return Flow.NEXT;
    }
  }

  /** {@code {% for target in items if condition %}} and its {@code else}. */
  record For(
      int line,
      Target target,
      Expression items,
      @Nullable Expression condition,
      List<Statement> body,
      List<Statement> otherwise)
      implements Statement {
    @Override
    public Flow run(Scope scope, StringBuilder out) {
      List<Object> chosen = chosen(scope);
      for (int i = 0; i < chosen.size(); i++) {
        Scope inner = new Scope(scope);
        target.assign(inner, chosen.get(i));
        inner.set("loop", new Loop(chosen, i));
        if (runAll(body, inner, out) == Flow.BREAK) {
          break;
        }
      }
      return chosen.isEmpty() ? runAll(otherwise, new Scope(scope), out) : Flow.NEXT;
    }

    private List<Object> chosen(Scope scope) {
      List<Object> chosen = new ArrayList<>();
      for (Object item : Values.items(items.evaluate(scope))) {
        Scope inner = new Scope(scope);
        target.assign(inner, item);
        if (condition == null || Values.truth(condition.evaluate(inner))) {
          chosen.add(item);
        }
      }
      return chosen;
    }
  }

  /** {@code {% break %}} or {@code {% continue %}}. */
  record Jump(int line, Flow flow) implements Statement {
    @Override
    public Flow run(Scope scope, StringBuilder out) {
      return flow;
    }
  }

  /** {@code {% set target = value %}}. */
  record Set(int line, Target target, Expression value) implements Statement {
    @Override
    public Flow run(Scope scope, StringBuilder out) {
      target.assign(scope, value.evaluate(scope));
      return Flow.NEXT;
    }
  }

  /** {@code {% set target %}…{% endset %}}, the text put through a filter if there is one. */
  record SetBlock(int line, Target target, Captured text) implements Statement {
    @Override
    public Flow run(Scope scope, StringBuilder out) {
      target.assign(scope, text.evaluate(new Scope(scope)));
      return Flow.NEXT;
    }
  }

  /** {@code {% filter … %}…{% endfilter %}}. */
  record FilterBlock(int line, Captured text) implements Statement {
    @Override
    public Flow run(Scope scope, StringBuilder out) {
      out.append(Values.text(text.evaluate(new Scope(scope))));
      return Flow.NEXT;
    }
  }

  /** {@code {% with a = b %}…{% endwith %}}. */
  record With(int line, List<Set> assignments, List<Statement> body) implements Statement {
    @Override
    public Flow run(Scope scope, StringBuilder out) {
      Scope inner = new Scope(scope);
      assignments.forEach(
          assignment -> assignment.target().assign(inner, assignment.value().evaluate(scope)));
      return runAll(body, inner, out);
    }
  }

  /** {@code {% generation %}…{% endgeneration %}}: marks the model's own text, changes nothing. */
  record Generation(int line, List<Statement> body) implements Statement {
    @Override
    public Flow run(Scope scope, StringBuilder out) {
      return runAll(body, new Scope(scope), out);
    }
  }

  /** {@code {% macro name(a, b='c') %}…{% endmacro %}}. */
  record Macro(
      int line,
      String name,
      List<String> parameters,
      Map<String, Expression> defaults,
      List<Statement> body)
      implements Statement {
    @Override
    public Flow run(Scope scope, StringBuilder out) {
      scope.set(name, (Function) arguments -> call(scope, arguments));
      return Flow.NEXT;
    }

    private Object call(Scope around, Arguments arguments) {
      if (arguments.positional().size() > parameters.size()) {
        throw new TemplateException(
            "macro '%s' takes no more than %d arguments".formatted(name, parameters.size()));
      }
      arguments.named().keySet().stream()
          .filter(given -> !parameters.contains(given))
          .findFirst()
          .ifPresent(
              given -> {
                throw new TemplateException("macro '%s' takes no '%s'".formatted(name, given));
              });
      Scope inner = new Scope(around);
      for (int i = 0; i < parameters.size(); i++) {
        String parameter = parameters.get(i);
        Expression otherwise = defaults.get(parameter);
        Object absent = otherwise == null ? new Undefined(parameter) : otherwise.evaluate(inner);
        inner.set(parameter, arguments.get(i, parameter, absent));
      }
      return capture(body, inner);
    }
  }

  /** The text of a block, put through filters. */
  record Captured(List<Statement> body, java.util.function.UnaryOperator<Expression> filters) {
    Object evaluate(Scope scope) {
      return filters.apply(new Expression.Constant(capture(body, scope))).evaluate(scope);
    }
  }

  /**
   * What is assigned to: a name, {@code namespace.attribute}, or several names at once.
   *
   * @param names the names
   * @param attribute the attribute of the one name, or {@code null}
   */
  record Target(List<String> names, @Nullable String attribute) {
    void assign(Scope scope, Object value) {
      if (attribute != null) {
        if (!(scope.get(names.get(0)) instanceof Namespace namespace)) {
          throw new TemplateException("'" + names.get(0) + "' is not a namespace");
        }
        namespace.values().put(attribute, value);
      } else if (names.size() == 1) {
        scope.set(names.get(0), value);
      } else {
        List<Object> values = Values.items(value);
        if (values.size() != names.size()) {
          throw new TemplateException(
              "%d values cannot be unpacked to %d names".formatted(values.size(), names.size()));
        }
        for (int i = 0; i < names.size(); i++) {
          scope.set(names.get(i), values.get(i));
        }
      }
    }
  }

  /** {@code namespace(a=b)}: the one object that can be changed. */
  record Namespace(Map<String, Object> values) implements Attributed {
    static Object create(Arguments arguments) {
      Map<String, Object> values = new HashMap<>();
      for (Object given : arguments.positional()) {
        if (given instanceof Map<?, ?> map) {
          map.forEach((key, value) -> values.put(Values.text(key), value));
        }
      }
      values.putAll(arguments.named());
      return new Namespace(values);
    }

    @Override
    public @Nullable Object attribute(String name) {
      return values.get(name);
    }
  }

  /** The variable {@code loop}. */
  record Loop(List<Object> items, int index) implements Attributed {
    @Override
    public @Nullable Object attribute(String name) {
      return switch (name) {
        case "index" -> index + 1L;
        case "index0" -> (long) index;
        case "revindex" -> (long) items.size() - index;
        case "revindex0" -> items.size() - index - 1L;
        case "first" -> index == 0;
        case "last" -> index == items.size() - 1;
        case "length" -> (long) items.size();
        case "previtem" -> index == 0 ? new Undefined("loop.previtem") : items.get(index - 1);
        case "nextitem" ->
            index == items.size() - 1 ? new Undefined("loop.nextitem") : items.get(index + 1);
        case "cycle" ->
            (Function)
                arguments ->
                    arguments.positional().get(index % Math.max(1, arguments.positional().size()));
        default -> null;
      };
    }
  }
}
