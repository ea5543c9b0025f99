package io.aicoder.text.jinja;

import io.aicoder.text.jinja.Expression.Given;
import io.aicoder.text.jinja.Token.Kind;
import io.aicoder.text.jinja.Values.None;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads expressions, with Jinja's precedence: loosest first in the order of the methods. */
final class ExpressionParser {

  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Given NOTHING = new Given(List.of(), Map.of());

  private final TokenStream tokens;

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
  }

  /** Reads {@code a} or, without brackets around it, the tuple {@code a, b}. */
  Expression tuple() {
    Expression first = expression();
    if (!tokens.seesOperator(",")) {
      return first;
    }
    List<Expression> items = new ArrayList<>(List.of(first));
    while (tokens.skipOperator(",") && startsExpression()) {
      items.add(expression());
    }
    return new Expression.ListOf(items);
  }

  private boolean startsExpression() {
    Kind kind = tokens.peek().kind();
    return kind != Kind.VARIABLE_END
        && kind != Kind.BLOCK_END
        && !tokens.seesOperator(")")
        && !tokens.seesOperator("=");
  }

  Expression expression() {
    Expression then = or();
    while (tokens.skipName("if")) {
      Expression condition = or();
      then = new Expression.Choice(condition, then, tokens.skipName("else") ? expression() : null);
    }
    return then;
  }

  /** Reads an expression without {@code if}, which behind a loop's items is its filter. */
  Expression or() {
    Expression left = and();
    while (tokens.skipName("or")) {
      left = new Expression.Or(left, and());
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (tokens.skipName("and")) {
      left = new Expression.And(left, not());
    }
    return left;
  }

  private Expression not() {
    return tokens.skipName("not") ? new Expression.Not(not()) : comparison();
  }

  private Expression comparison() {
    Expression first = sum();
    List<String> operators = new ArrayList<>();
    List<Expression> others = new ArrayList<>();
    while (true) {
      Token token = tokens.peek();
      if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
        operators.add(tokens.next().text());
      } else if (tokens.skipName("in")) {
        operators.add("in");
      } else if (token.is(Kind.NAME, "not") && tokens.peekSecond().is(Kind.NAME, "in")) {
        tokens.next();
        tokens.next();
        operators.add("not in");
      } else {
        return operators.isEmpty() ? first : new Expression.Comparison(first, operators, others);
      }
      others.add(sum());
    }
  }

  private Expression sum() {
    Expression left = concatenation();
    while (tokens.seesOperator("+") || tokens.seesOperator("-")) {
      left = new Expression.Binary(tokens.next().text(), left, concatenation());
    }
    return left;
  }

  private Expression concatenation() {
    Expression first = product();
    if (!tokens.seesOperator("~")) {
      return first;
    }
    List<Expression> parts = new ArrayList<>(List.of(first));
    while (tokens.skipOperator("~")) {
      parts.add(product());
    }
    return new Expression.Concatenation(parts);
  }

  private Expression product() {
    Expression left = power();
    while (tokens.seesOperator("*")
        || tokens.seesOperator("/")
        || tokens.seesOperator("//")
        || tokens.seesOperator("%")) {
      left = new Expression.Binary(tokens.next().text(), left, power());
    }
    return left;
  }

  private Expression power() {
    Expression left = unary(true);
    while (tokens.skipOperator("**")) {
      left = new Expression.Binary("**", left, unary(true));
    }
    return left;
  }

  private Expression unary(boolean withFilters) {
    Expression operand;
    if (tokens.seesOperator("-") || tokens.seesOperator("+")) {
      operand = new Expression.Sign(tokens.next().text().equals("-"), unary(false));
    } else {
      operand = primary();
    }
    operand = postfix(operand);
    return withFilters ? filters(operand) : operand;
  }

  private Expression primary() {
    Token token = tokens.next();
    switch (token.kind()) {
      case NAME -> {
        return name(token.text());
      }
      case STRING -> {
        StringBuilder text = new StringBuilder(token.text());
        while (tokens.peek().kind() == Kind.STRING) {
          text.append(tokens.next().text());
        }
        return new Expression.Constant(text.toString());
      }
      case INTEGER -> {
        return new Expression.Constant(whole(token));
      }
      case FLOAT -> {
        return new Expression.Constant(Double.valueOf(token.text()));
      }
      default -> {
        return bracketed(token);
      }
    }
  }

  private static Long whole(Token token) {
    try {
      return Long.valueOf(token.text());
    } catch (NumberFormatException e) {
      throw new TemplateException("the number " + token.text() + " is too large", token.line());
    }
  }

  private static Expression name(String name) {
    return switch (name) {
      case "true", "True" -> new Expression.Constant(true);
      case "false", "False" -> new Expression.Constant(false);
      case "none", "None" -> new Expression.Constant(None.NONE);
      default -> new Expression.Name(name);
    };
  }

  private Expression bracketed(Token token) {
    if (token.is(Kind.OPERATOR, "(")) {
      Expression inner = tokens.seesOperator(")") ? new Expression.ListOf(List.of()) : tuple();
      tokens.expectOperator(")");
      return inner;
    }
    if (token.is(Kind.OPERATOR, "[")) {
      List<Expression> items = new ArrayList<>();
      while (!tokens.seesOperator("]")) {
        items.add(expression());
        separator("]");
      }
      tokens.expectOperator("]");
      return new Expression.ListOf(items);
    }
    if (token.is(Kind.OPERATOR, "{")) {
      return map();
    }
    throw new TemplateException("unexpected '" + token.text() + "'", token.line());
  }

  private void separator(String end) {
    if (!tokens.seesOperator(end)) {
      tokens.expectOperator(",");
    }
  }

  private Expression map() {
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!tokens.seesOperator("}")) {
      keys.add(expression());
      tokens.expectOperator(":");
      values.add(expression());
      separator("}");
    }
    tokens.expectOperator("}");
    return new Expression.MapOf(keys, values);
  }

  private Expression postfix(Expression start) {
    Expression at = start;
    while (true) {
      if (tokens.skipOperator(".")) {
        Token name = tokens.next();
        at =
            name.kind() == Kind.INTEGER
                ? new Expression.Item(at, new Expression.Constant(whole(name)))
                : new Expression.Attribute(at, name.text());
      } else if (tokens.skipOperator("[")) {
        at = subscript(at);
        tokens.expectOperator("]");
      } else if (tokens.seesOperator("(")) {
        at = new Expression.Call(at, arguments());
      } else {
        return at;
      }
    }
  }

  private Expression subscript(Expression object) {
    Expression from = tokens.seesOperator(":") ? null : expression();
    if (from != null && !tokens.seesOperator(":")) {
      return new Expression.Item(object, from);
    }
    Expression to = bound();
    return new Expression.Slice(object, from, to, tokens.seesOperator(":") ? bound() : null);
  }

  /** Reads what follows a colon of a slice: an expression or nothing. */
  private @Nullable Expression bound() {
    tokens.expectOperator(":");
    return tokens.seesOperator(":") || tokens.seesOperator("]") ? null : expression();
  }

  private Given arguments() {
    List<Expression> positional = new ArrayList<>();
    Map<String, Expression> named = new LinkedHashMap<>();
    tokens.expectOperator("(");
    while (!tokens.seesOperator(")")) {
      if (tokens.peek().kind() == Kind.NAME && tokens.peekSecond().is(Kind.OPERATOR, "=")) {
        String name = tokens.next().text();
        tokens.expectOperator("=");
        named.put(name, expression());
      } else {
        positional.add(expression());
      }
      separator(")");
    }
    tokens.expectOperator(")");
    return new Given(positional, named);
  }

  /** Reads the filters, tests and calls behind an operand. */
  private Expression filters(Expression start) {
    Expression at = start;
    while (true) {
      if (tokens.skipOperator("|")) {
        at = filter(at);
      } else if (tokens.skipName("is")) {
        at = test(at);
      } else if (tokens.seesOperator("(")) {
        at = new Expression.Call(at, arguments());
      } else {
        return at;
      }
    }
  }

  /** Reads a filter's name and arguments. */
  Expression filter(Expression operand) {
    Token name = tokens.expect(Kind.NAME, "the name of a filter");
    Filters.Filter filter = Filters.named(name.text());
    if (filter == null) {
      throw new TemplateException("the filter '" + name.text() + "' is not supported", name.line());
    }
    return new Expression.Filtered(
        operand, filter, tokens.seesOperator("(") ? arguments() : NOTHING);
  }

  private Expression test(Expression operand) {
    boolean negated = tokens.skipName("not");
    Token name = tokens.expect(Kind.NAME, "the name of a test");
    Tests.Test test = Tests.named(name.text());
    if (test == null) {
      throw new TemplateException("the test '" + name.text() + "' is not supported", name.line());
    }
    Expression tested = new Expression.Tested(operand, test, testArguments());
    return negated ? new Expression.Not(tested) : tested;
  }

  /** A test takes its one argument without brackets too: {@code is divisibleby 3}. */
  private Given testArguments() {
    if (tokens.seesOperator("(")) {
      return arguments();
    }
    Token next = tokens.peek();
    boolean argument =
        switch (next.kind()) {
          case STRING, INTEGER, FLOAT -> true;
          case NAME -> !Set.of("else", "or", "and", "if", "is", "in", "not").contains(next.text());
          case OPERATOR -> next.text().equals("[") || next.text().equals("{");
          default -> false;
        };
    return argument ? new Given(List.of(postfix(primary())), Map.of()) : NOTHING;
  }
}
