package io.aicoder.text.jinja;

import java.util.ArrayList;
import java.util.List;

/** Python's operators on numbers, texts and lists. */
final class Arithmetic {

  /** More than any template repeats; a larger product would only fill the memory. */
  private static final long LONGEST = 10_000_000;

  private Arithmetic() {}

  static Object binary(String operator, Object left, Object right) {
    if (operator.equals("+") && left instanceof String a && right instanceof String b) {
      return a + b;
    }
    if (operator.equals("+") && left instanceof List<?> a && right instanceof List<?> b) {
      List<Object> joined = new ArrayList<>(a);
      joined.addAll(b);
      return joined;
    }
    if (operator.equals("*") && left instanceof String text && right instanceof Long times) {
      return repeat(text, times);
    }
    if (operator.equals("*") && left instanceof Long times && right instanceof String text) {
      return repeat(text, times);
    }
    if (!Values.isNumber(left) || !Values.isNumber(right)) {
      throw new TemplateException(
          "'%s' does not work for %s and %s"
              .formatted(operator, Values.type(left), Values.type(right)));
    }
    try {
      return left instanceof Double || right instanceof Double || operator.equals("/")
          ? (Object) real(operator, Values.asDouble(left), Values.asDouble(right))
          : whole(operator, Values.asLong(left), Values.asLong(right));
    } catch (ArithmeticException e) {
      throw new TemplateException(e.getMessage() + " in '" + operator + "'");
    }
  }

  private static String repeat(String text, long times) {
    if (times > 0 && text.length() > LONGEST / times) {
      throw new TemplateException("a text repeated " + times + " times is too long");
    }
    return text.repeat((int) Math.max(0, times));
  }

  private static Object whole(String operator, long a, long b) {
    return switch (operator) {
      case "+" -> Math.addExact(a, b);
      case "-" -> Math.subtractExact(a, b);
      case "*" -> Math.multiplyExact(a, b);
      case "//" -> Math.floorDiv(a, b);
      case "%" -> Math.floorMod(a, b);
      default -> power(a, b);
    };
  }

  private static Object power(long base, long exponent) {
    if (exponent < 0) {
      return Math.pow(base, exponent);
    }
    long result = 1;
    for (long i = 0; i < exponent && result != 0 && Math.abs(base) > 1; i++) {
      result = Math.multiplyExact(result, base);
    }
    return Math.abs(base) > 1 ? result : (long) Math.pow(base, exponent % 2 == 0 ? 2 : 1);
  }

  private static double real(String operator, double a, double b) {
    if (b == 0 && (operator.equals("/") || operator.equals("//") || operator.equals("%"))) {
      throw new TemplateException("division by zero");
    }
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / b;
      case "//" -> Math.floor(a / b);
      case "%" -> a - b * Math.floor(a / b);
      default -> Math.pow(a, b);
    };
  }
}
