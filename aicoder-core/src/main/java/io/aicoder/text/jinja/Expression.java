package io.aicoder.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A part of a template that has a value. */
sealed interface Expression {

  Object evaluate(Scope scope);

  /** Returns the value, unless it is undefined, which then is an error. */
  default Object defined(Scope scope) {
    Object value = evaluate(scope);
    if (value instanceof Values.Undefined undefined) {
      throw undefined.error();
    }
    return value;
  }

  private static List<Object> all(List<Expression> expressions, Scope scope) {
    List<Object> values = new ArrayList<>();
    for (Expression expression : expressions) {
      values.add(expression.evaluate(scope));
    }
    return values;
  }

  /** {@code 'text'}, {@code 7}, {@code true}, {@code none}. */
  record Constant(Object value) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      return value;
    }
  }

  /** {@code name}. */
  record Name(String name) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      return scope.get(name);
    }
  }

  /** {@code [a, b]}, and tuples. */
  record ListOf(List<Expression> items) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      return all(items, scope);
    }
  }

  /** {@code {'a': b}}. */
  record MapOf(List<Expression> keys, List<Expression> values) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      Map<Object, Object> map = new LinkedHashMap<>();
      for (int i = 0; i < keys.size(); i++) {
        map.put(keys.get(i).evaluate(scope), values.get(i).evaluate(scope));
      }
      return map;
    }
  }

  /** {@code a if b else c}. */
  record Choice(Expression condition, Expression then, @Nullable Expression otherwise)
      implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      if (Values.truth(condition.evaluate(scope))) {
        return then.evaluate(scope);
      }
      return otherwise == null
          ? new Values.Undefined("the inline if-expression without else")
          : otherwise.evaluate(scope);
    }
  }

  /** {@code a or b}: the first that is true, else the last. */
  record Or(Expression left, Expression right) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      Object value = left.evaluate(scope);
      return Values.truth(value) ? value : right.evaluate(scope);
    }
  }

  /** {@code a and b}: the first that is false, else the last. */
  record And(Expression left, Expression right) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      Object value = left.evaluate(scope);
      return Values.truth(value) ? right.evaluate(scope) : value;
    }
  }

  /** {@code not a}. */
  record Not(Expression operand) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      return !Values.truth(operand.evaluate(scope));
    }
  }

  /** {@code -a}, {@code +a}. */
  record Sign(boolean negative, Expression operand) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      Object value = operand.defined(scope);
      return Arithmetic.binary(negative ? "-" : "+", 0L, value);
    }
  }

  /** {@code a + b} and the other operations on numbers, texts and lists. */
  record Binary(String operator, Expression left, Expression right) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      return Arithmetic.binary(operator, left.defined(scope), right.defined(scope));
    }
  }

  /** {@code a ~ b}: joined as texts. */
  record Concatenation(List<Expression> parts) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      StringBuilder text = new StringBuilder();
      for (Expression part : parts) {
        text.append(Values.text(part.evaluate(scope)));
      }
      return text.toString();
    }
  }

  /** {@code a < b <= c}, {@code a in b}. */
  record Comparison(Expression first, List<String> operators, List<Expression> others)
      implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      Object left = first.evaluate(scope);
      for (int i = 0; i < operators.size(); i++) {
        Object right = others.get(i).evaluate(scope);
        if (!holds(operators.get(i), left, right)) {
          return false;
        }
        left = right;
      }
      return true;
    }

    static boolean holds(String operator, Object left, Object right) {
      return switch (operator) {
        case "==" -> Values.equal(left, right);
        case "!=" -> !Values.equal(left, right);
        case "in" -> Values.contains(right, left);
        case "not in" -> !Values.contains(right, left);
        case "<" -> Values.compare(left, right) < 0;
        case "<=" -> Values.compare(left, right) <= 0;
        case ">" -> Values.compare(left, right) > 0;
        default -> Values.compare(left, right) >= 0;
      };
    }
  }

  /** {@code a.name}: a method or attribute, else an item. */
  record Attribute(Expression object, String name) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      Object value = object.defined(scope);
      Object attribute = Items.attribute(value, name);
      return attribute != null ? attribute : Items.item(value, name);
    }
  }

  /** {@code a[key]}: an item, else an attribute. */
  record Item(Expression object, Expression key) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      Object value = object.defined(scope);
      Object index = key.evaluate(scope);
      Object item = Items.item(value, index);
      Object attribute =
          item instanceof Values.Undefined && index instanceof String name
              ? Items.attribute(value, name)
              : null;
      return attribute == null ? item : attribute;
    }
  }

  /** {@code a[from:to:step]}. */
  record Slice(
      Expression object,
      @Nullable Expression from,
      @Nullable Expression to,
      @Nullable Expression step)
      implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      return Items.slice(
          object.defined(scope), bound(from, scope), bound(to, scope), bound(step, scope));
    }

    private static @Nullable Long bound(@Nullable Expression bound, Scope scope) {
      Object value = bound == null ? Values.None.NONE : bound.evaluate(scope);
      return value == Values.None.NONE ? null : (Long) Values.asLong(value);
    }
  }

  /**
   * The arguments of a call.
   *
   * @param positional those without a name
   * @param named those with one
   */
  record Given(List<Expression> positional, Map<String, Expression> named) {
    Arguments evaluate(Scope scope) {
      Map<String, Object> values = new LinkedHashMap<>();
      named.forEach((name, value) -> values.put(name, value.evaluate(scope)));
      return new Arguments(all(positional, scope), values);
    }
  }

  /** {@code a(b, c=d)}. */
  record Call(Expression callee, Given arguments) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      if (callee.defined(scope) instanceof Function function) {
        return function.call(arguments.evaluate(scope));
      }
      throw new TemplateException("what is called is not a function");
    }
  }

  /** {@code a | filter(b)}. */
  record Filtered(Expression operand, Filters.Filter filter, Given arguments)
      implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      return filter.apply(operand.evaluate(scope), arguments.evaluate(scope));
    }
  }

  /** {@code a is test(b)}. */
  record Tested(Expression operand, Tests.Test test, Given arguments) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      return test.holds(operand.evaluate(scope), arguments.evaluate(scope));
    }
  }
}
