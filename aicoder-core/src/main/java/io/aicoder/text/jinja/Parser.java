package io.aicoder.text.jinja;

import io.aicoder.text.jinja.Statement.Flow;
import io.aicoder.text.jinja.Statement.Target;
import io.aicoder.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Reads the statements of a template. */
final class Parser {

  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private int loops;

  private Parser(List<Token> tokens) {
    this.tokens = new TokenStream(tokens);
    this.expressions = new ExpressionParser(this.tokens);
  }

  static List<Statement> parse(String template) {
    Parser parser = new Parser(Lexer.tokens(template));
    List<Statement> statements = parser.body(Set.of());
    parser.tokens.expect(Kind.END, "a statement");
    return statements;
  }

  /** Reads statements up to a block with one of the names, of which the name is next. */
  private List<Statement> body(Set<String> ends) {
    List<Statement> statements = new ArrayList<>();
    while (true) {
      Token token = tokens.peek();
      switch (token.kind()) {
        case TEXT -> statements.add(new Statement.Text(token.line(), tokens.next().text()));
        case VARIABLE_BEGIN -> {
          tokens.next();
          statements.add(new Statement.Output(token.line(), expressions.tuple()));
          tokens.expect(Kind.VARIABLE_END, "'}}'");
        }
        case BLOCK_BEGIN -> {
          tokens.next();
          if (ends.contains(tokens.peek().text())) {
            return statements;
          }
          statements.add(block(tokens.expect(Kind.NAME, "the name of a block")));
        }
        default -> {
          if (!ends.isEmpty()) {
            throw tokens.unexpected(String.join(" or ", ends));
          }
          return statements;
        }
      }
    }
  }

  private Statement block(Token name) {
    int line = name.line();
    return switch (name.text()) {
      case "if" -> ifBlock(line);
      case "for" -> forBlock(line);
      case "set" -> set(line);
      case "macro" -> macro(line);
      case "filter" -> new Statement.FilterBlock(line, captured(filterChain(), "endfilter"));
      case "with" -> with(line);
      case "generation" -> {
        endBlock();
        yield new Statement.Generation(line, closed("endgeneration"));
      }
      case "break", "continue" -> jump(name);
      default ->
          throw new TemplateException("the block '" + name.text() + "' is not supported", line);
    };
  }

  private void endBlock() {
    tokens.expect(Kind.BLOCK_END, "'%}'");
  }

  /** Reads a body and the block that ends it. */
  private List<Statement> closed(String end) {
    List<Statement> body = body(Set.of(end));
    tokens.expectName(end);
    endBlock();
    return body;
  }

  private Statement jump(Token name) {
    if (loops == 0) {
      throw new TemplateException("'" + name.text() + "' stands outside a loop", name.line());
    }
    endBlock();
    return new Statement.Jump(
        name.line(), name.text().equals("break") ? Flow.BREAK : Flow.CONTINUE);
  }

  private Statement ifBlock(int line) {
    List<Expression> conditions = new ArrayList<>();
    List<List<Statement>> bodies = new ArrayList<>();
    do {
      conditions.add(expressions.tuple());
      endBlock();
      bodies.add(body(Set.of("elif", "else", "endif")));
    } while (tokens.skipName("elif"));
    if (tokens.skipName("else")) {
      endBlock();
      bodies.add(body(Set.of("endif")));
    }
    tokens.expectName("endif");
    endBlock();
    return new Statement.If(line, conditions, bodies);
  }

  private Statement forBlock(int line) {
    Target target = target();
    tokens.expectName("in");
    Expression items = items();
    Expression condition = tokens.skipName("if") ? expressions.expression() : null;
    endBlock();
    loops++;
    List<Statement> body = body(Set.of("else", "endfor"));
    loops--;
    List<Statement> otherwise = List.of();
    if (tokens.skipName("else")) {
      endBlock();
      otherwise = body(Set.of("endfor"));
    }
    tokens.expectName("endfor");
    endBlock();
    return new Statement.For(line, target, items, condition, body, otherwise);
  }

  /** Reads what a loop goes through; an {@code if} behind it is the loop's. */
  private Expression items() {
    Expression first = expressions.or();
    if (!tokens.seesOperator(",")) {
      return first;
    }
    List<Expression> several = new ArrayList<>(List.of(first));
    while (tokens.skipOperator(",")) {
      several.add(expressions.or());
    }
    return new Expression.ListOf(several);
  }

  private Target target() {
    boolean bracket = tokens.skipOperator("(");
    List<String> names = new ArrayList<>();
    do {
      names.add(tokens.expect(Kind.NAME, "a name").text());
    } while (tokens.skipOperator(","));
    if (bracket) {
      tokens.expectOperator(")");
    }
    if (names.size() == 1 && tokens.skipOperator(".")) {
      return new Target(names, tokens.expect(Kind.NAME, "an attribute").text());
    }
    return new Target(names, null);
  }

  private Statement set(int line) {
    Target target = target();
    if (tokens.skipOperator("=")) {
      Expression value = expressions.tuple();
      endBlock();
      return new Statement.Set(line, target, value);
    }
    UnaryOperator<Expression> filters =
        tokens.skipOperator("|") ? filterChain() : UnaryOperator.identity();
    return new Statement.SetBlock(line, target, captured(filters, "endset"));
  }

  private UnaryOperator<Expression> filterChain() {
    // A filter is read with its operand, which is not there yet: a name stands for it.
    Expression chain = expressions.filter(new Expression.Name(""));
    while (tokens.skipOperator("|")) {
      chain = expressions.filter(chain);
    }
    Expression filters = chain;
    return operand -> replaced(filters, operand);
  }

  private static Expression replaced(Expression chain, Expression operand) {
    return chain instanceof Expression.Filtered filtered
        ? new Expression.Filtered(
            replaced(filtered.operand(), operand), filtered.filter(), filtered.arguments())
        : operand;
  }

  private Statement.Captured captured(UnaryOperator<Expression> filters, String end) {
    endBlock();
    return new Statement.Captured(closed(end), filters);
  }

  private Statement with(int line) {
    List<Statement.Set> assignments = new ArrayList<>();
    while (tokens.peek().kind() == Kind.NAME) {
      Target target = new Target(List.of(tokens.next().text()), null);
      tokens.expectOperator("=");
      assignments.add(new Statement.Set(line, target, expressions.expression()));
      tokens.skipOperator(",");
    }
    endBlock();
    return new Statement.With(line, assignments, closed("endwith"));
  }

  private Statement macro(int line) {
    String name = tokens.expect(Kind.NAME, "the macro's name").text();
    List<String> parameters = new ArrayList<>();
    Map<String, Expression> defaults = new LinkedHashMap<>();
    tokens.expectOperator("(");
    while (!tokens.skipOperator(")")) {
      String parameter = tokens.expect(Kind.NAME, "a parameter").text();
      parameters.add(parameter);
      if (tokens.skipOperator("=")) {
        defaults.put(parameter, expressions.expression());
      }
      if (!tokens.seesOperator(")")) {
        tokens.expectOperator(",");
      }
    }
    endBlock();
    int around = loops;
    loops = 0;
    List<Statement> body = closed("endmacro");
    loops = around;
    return new Statement.Macro(line, name, parameters, defaults, body);
  }
}
