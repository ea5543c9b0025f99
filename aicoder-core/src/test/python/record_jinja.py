"""Records what Jinja, set up as transformers sets it up for chat templates, renders: jinja.json.

usage: python record_jinja.py --out jinja.json

jinja.json: jinja2 (the version), variables (those of every case) and cases: template and either rendered or error, the class of the
exception. The templates are small, one property each: white space, precedence, values as Python prints them, filters, tests, methods.
"""
import argparse, json

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

VARIABLES = dict(
    t="text", empty="", n=7, f=2.5, yes=True, no=False, nothing=None, xs=[3, 1, 2], words=["b", "A", "c", "a"], d=dict(b=1, a="x", items="mine"),
    nested=dict(a=dict(b=[10, 20])), people=[dict(name="Ann", age=30), dict(name="bob", age=5), dict(name="Cy")], odd=" \u00a0\u3000a\u200b\x1c",
    wide="a\U0001d54fb", lines="one\ntwo\n\nthree", html="<a href='x'>\"&\"</a>", mixed=[1, "a", None, True, 2.0, [1], {"k": "v'"}])

# Parted by two semicolons.
EXPRESSIONS = """
1 + 2 * 3 ;; (1 + 2) * 3 ;; 7 // 2 ;; -7 // 2 ;; -7 % 3 ;; 7 / 2 ;; 2 ** 3 ** 2 ;; 2 ** -1 ;; -2 ** 2 ;; 1.5 + 1 ;; 3 * 'ab' ;; 'ab' * 0 ;; [1] + [2, 3]
1e3 ;; 1.0 ;; 1e16 ;; 1e-5 ;; 0.1 + 0.2 ;; 100000000000000000000.0 ;; 10 ** 3 ;; 5.0 // 2 ;; -5.5 % 3 ;; 7 % 2.5 ;; 1_000 ;; yes + 1
'a' ~ 1 ~ none ~ yes ~ 1.0 ;; 'a' + 'b' ~ 'c' ;; 1 + 2 ~ 3 ;; 2 * 3 ~ 4 ;; 'x' ~ undefined_name ~ 'y' ;; 'a' 'b' "c"
1 < 2 < 3 ;; 1 < 3 < 2 ;; 1 == 1.0 ;; yes == 1 ;; 'a' < 'b' ;; [1, 2] < [1, 3] ;; 'a' == none ;; none == none ;; [1] == [1.0] ;; d == d ;; 1 != 2
1 in xs ;; 9 not in xs ;; 'e' in t ;; 'a' in d ;; not 1 in xs ;; 'x' in nothing_here ;; not yes or yes ;; yes and no or 5 ;; 0 or '' or 'z' ;; 0 and 1 ;; 'a' and 'b' ;; not not 1
'a' if yes else 'b' ;; 'a' if no ;; 'a' if no else 'b' if no else 'c' ;; ('a' if yes) ~ 'x' ;; 'p' + ('q' if n > 5 else 'r')
nothing ;; yes ;; no ;; n ;; f ;; xs ;; words ;; d.b ;; mixed ;; nested ;; {'a': 1, 'b': none} ;; [] ;; {} ;; ['it\\'s', "q\\"q", 'both\\'"'] ;; ['\\n\\t\\\\\\x01\\u00e9\\u200b']
d.items() | length ;; d['items'] ;; d.keys() | list ;; d.get('zz') ;; d.get('zz', 4) ;; d.get('b') ;; nested.a.b[1] ;; nested['a']['b'][-1] ;; nested.a.b.0 ;; nested.x is defined ;; xs[0] ;; xs[-1] ;; xs[5] is defined ;; t[0] ;; t[-1] ;; wide[1] ;; wide | length
xs[1:] ;; xs[:-1] ;; xs[::-1] ;; xs[::2] ;; xs[-2:] ;; xs[5:] ;; t[1:3] ;; t[::-1] ;; wide[1:] ;; wide[::-1] ;; xs[2:0:-1] ;; t[:100] ;; xs[-100:2] ;; xs[none:2]
odd | trim | length ;; odd.strip() | length ;; odd.lstrip() | length ;; odd.rstrip() | length ;; 'xxaxx'.strip('x') ;; 'xyaxy' | trim('xy') ;; '  a b  ' | trim
'a,b,,c'.split(',') ;; ' a  b '.split() ;; 'a b c'.split(' ', 1) ;; 'a b c'.split(none, 1) ;; 'abc'.split('x') ;; ''.split() ;; ''.split(',') ;; 'a-b-c'.rsplit('-', 1) ;; lines.splitlines() ;; lines.split('\\n')[-1] ;; 'a\\r\\nb\\x0bc\\n'.splitlines() ;; 'x'.split('')
'abc'.startswith('a') ;; 'abc'.startswith(('x', 'ab')) ;; 'abc'.endswith(('bc',)) ;; 'abc'.startswith(()) ;; 'aXbX'.replace('X', 'yy') ;; 'aaa'.replace('a', 'b', 2) ;; 'abc' | replace('b', '') ;; 'abc'.find('c') ;; 'abc'.find('z') ;; 'banana'.rfind('an') ;; 'banana'.count('an') ;; wide.find('b')
'hello wORLD'.title() ;; "they're bill's" | title ;; 'a-b (c) [d] <e>' | title ;; "they're bill's".title() ;; 'hELLO' | capitalize ;; 'ßa'.upper() ;; 'ABC' | lower ;; 'a1b'.isalnum() ;; '12'.isdigit() ;; ''.isdigit() ;; ' '.isspace() ;; 'ab'.isalpha() ;; ','.join(['a', 'b']) ;; 'prefix-x'.removeprefix('prefix-') ;; 'x.py'.removesuffix('.py') ;; 'x'.removesuffix('y')
xs | join ;; xs | join('+') ;; people | map(attribute='name') | join(',') ;; people | join(';', attribute='name') ;; people | map(attribute='age', default=0) | list ;; words | map('upper') | list ;; xs | map('string') | list
xs | first ;; xs | last ;; [] | first is defined ;; xs | length ;; d | length ;; t | count ;; xs | sort ;; words | sort ;; words | sort(reverse=true) ;; words | sort(case_sensitive=true) ;; people | sort(attribute='name') | map(attribute='name') | list ;; words | unique | list ;; xs | reverse | list ;; t | reverse ;; xs | min ;; xs | max ;; xs | sum ;; words | max
people | selectattr('age') | list | length ;; people | selectattr('age', 'defined') | list | length ;; people | selectattr('name', 'equalto', 'bob') | map(attribute='age') | list ;; people | rejectattr('age', 'defined') | map(attribute='name') | list ;; xs | select('odd') | list ;; xs | reject('gt', 1) | list ;; [0, 1, '', 'a'] | select | list ;; people | selectattr('age', '>=', 10) | list | length
d | dictsort | map('first') | list ;; d | items | map('last') | list ;; d | list ;; t | list ;; nothing_here | default('dflt') ;; nothing | default('dflt') ;; '' | default('dflt', true) ;; none | d('x', boolean=true) ;; n | d(0)
d | tojson ;; mixed | tojson ;; 'é\\u2028<>&\\'"\\\\/\\x01\\x7f' | tojson ;; nested | tojson(indent=2) ;; [] | tojson(indent=2) ;; {'a': []} | tojson(indent=1) ;; d | tojson(sort_keys=true) ;; 'é𝕏' | tojson(ensure_ascii=true) ;; xs | tojson(separators=(',', ':')) ;; 1.0 | tojson ;; 1e100 | tojson ;; undefined_name | tojson
'3' | int ;; 'x' | int ;; 'x' | int(5) ;; 3.9 | int ;; '3.7' | int ;; ' 4 ' | int ;; '1.5' | float ;; 'x' | float ;; n | string + 'x' ;; -3 | abs ;; 2.567 | round(1) ;; 2.5 | round ;; 3.5 | round ;; 2.1 | round(method='ceil') ;; html | e ;; html | escape ;; lines | indent ;; lines | indent(2, true) ;; lines | indent('> ', blank=true) ;; t | safe
nothing_here is defined ;; nothing is defined ;; nothing is none ;; nothing is not none ;; t is string ;; n is number ;; f is float ;; n is integer ;; yes is boolean ;; yes is integer ;; yes is true ;; no is false ;; 1 is true ;; d is mapping ;; xs is sequence ;; t is iterable ;; d is iterable ;; n is iterable ;; nothing_here is iterable ;; t is sequence ;; range is callable ;; n is callable ;; n is odd ;; n is even ;; n is divisibleby 7 ;; n is divisibleby(3) ;; n is eq 7 ;; n is equalto(7) ;; n is ne 7 ;; n is gt 3 ;; t is lower ;; 'ABC' is upper ;; 'a' is in 'abc' ;; 1 is sameas 1 ;; n is not string and yes ;; n is defined and n > 3 ;; xs is string or 'other' ;; t is not defined ;; n is in xs
range(3) | list ;; range(1, 7, 2) | list ;; range(3, 0, -1) | list ;; range(0) | list ;; range(1000000) | length ;; dict(a=1, b='c') ;; namespace(a=3).a ;; namespace().x is defined
undefined_name ;; undefined_name.x ;; undefined_name + 1 ;; undefined_name == undefined_name ;; undefined_name | length ;; undefined_name['a'] ;; t + 1 ;; 1 + t ;; n() ;; nothing.x ;; nothing.x.y ;; t.nope ;; t.nope() ;; n.items() ;; 1 / 0 ;; 1 % 0 ;; 'a' < 1 ;; none < 1 ;; xs + 1 ;; 'a' in 5 ;; xs.append(4) ;; -t ;; [1, 2].index(2) ;; [1, 1].count(1)
xs|sort|first + 10 ;; 'a' + ' b ' | trim + 'c' ;; -1 | abs ;; 'a' ~ 'B' | lower ;; (xs | first) is odd ;; n is string | string ;; not n is string ;; 2 + 3 == 5 and 'x' ;; (1,) | list ;; () | list ;; 'a\\qb\\'' ;; "\\u0041\\x42\\U0001d54f" ;; xs[n - 7] ;; d['a'] ~ d['b']
"""

BLOCKS = [
    "a{% if yes %}b{% endif %}\nc", "  {% if yes %}\n  x\n  {% endif %}\ny", "a {% if yes %} b {% endif %} c", "a\n  {%- if yes %} b {%- endif %}\n c", "a  {{- ' b ' -}}  c", "a\n{#- gone -#}\n b",
    "a\n  {# gone #}\nb", "{# it's #}{{ t }}", "a {#+ kept? #} b", "  {%+ if yes %}x{% endif %}", "{% if yes +%}\nx{% endif %}", "x\n\n", "x\n", "\n\nx", "  {{ t }}\n  {{ n }}\n", "a\r\nb\rc\r\n", "{% raw %}{{ a }}{% if %}{% endraw %}!",
    "a {%- raw -%} {{ x }} {%- endraw -%} b", "{% raw %}\n {{ x }}\n{% endraw %}\nz", "{{ {'a': {'b': 1}}['a']['b'] }}", "{{ '}}' }}{{ \"%}\" }}", "{{ '{{' ~ '{%' }}", "a{{ t }}\n\nb", "{%if yes%}x{%endif%}", "{%-if yes-%} x {%-endif-%}",
    "{% for x in xs %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }};{% endfor %}", "{% for x in xs if x > 1 %}{{ loop.index }}:{{ x }} {% else %}none{% endfor %}",
    "{% for x in [] %}a{% else %}none{% endfor %}", "{% for x in xs if x > 9 %}a{% else %}none{% endfor %}", "{% for k, v in d.items() %}{{ k }}={{ v }},{% endfor %}", "{% for k in d %}{{ k }}{% endfor %}", "{% for c in wide %}[{{ c }}]{% endfor %}",
    "{% for x in xs %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}", "{% for x in xs %}{{ loop.previtem is defined }}{% endfor %}", "{% for x in xs %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}", "{% for x in xs %}{{ x }}{% break %}{% endfor %}",
    "{% for x in xs %}{{ loop.cycle('a', 'b') }}{% endfor %}", "{% for x in xs %}{% for y in xs %}{{ loop.index }}{% endfor %}{{ loop.index }} {% endfor %}", "{% for x in nothing_here %}a{% endfor %}!", "{% for x in nothing %}a{% endfor %}", "{% for x in n %}a{% endfor %}",
    "{% for x in 1, 2 %}{{ x }}{% endfor %}", "{% for x in xs if yes else [] %}a{% endfor %}", "{% for a, b in [[1, 2], [3, 4]] %}{{ a + b }},{% endfor %}", "{% for (a, b) in [[1, 2]] %}{{ a }}{% endfor %}", "{% for a, b in [[1]] %}{{ a }}{% endfor %}",
    "{% set x = 1 %}{% for y in xs %}{% set x = x + y %}{{ x }} {% endfor %}{{ x }}", "{% set x = 1 %}{% if yes %}{% set x = 2 %}{% endif %}{{ x }}", "{% set ns = namespace(a=0) %}{% for y in xs %}{% set ns.a = ns.a + y %}{% endfor %}{{ ns.a }}", "{% set a, b = 1, 2 %}{{ a }}{{ b }}",
    "{% set x %}a{{ n }}\n b{% endset %}[{{ x }}]", "{% set x | upper | trim %} a {% endset %}[{{ x }}]", "{% set d.x = 1 %}", "{% set x = 1, 2 %}{{ x | list }}", "{% set x = undefined_name %}{{ x is defined }}",
    "{% macro m(a, b='B', c=a) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}|{{ m(1, 2) }}|{{ m(b=3, a=4) }}|{{ m() }}", "{% macro m(a) %}{% if a > 0 %}{{ a }}{{ m(a - 1) }}{% endif %}{% endmacro %}{{ m(3) }}", "{% macro m() -%}\n  x\n{%- endmacro %}[{{ m() }}]", "{% macro m(a) %}x{% endmacro %}{{ m(1, 2) }}",
    "{% macro m(a) %}x{% endmacro %}{{ m(b=1) }}", "{% set g = 5 %}{% macro m() %}{{ g }}{% endmacro %}{{ m() }}", "{% macro m() %}{% endmacro %}{{ m() is string }}{{ m is callable }}", "{% macro m(x) %}{{ x }}{% endmacro m %}{{ m('a') | upper }}",
    "{% filter upper %}a{{ t }}{% endfilter %}", "{% filter trim | upper %} a {% endfilter %}", "{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{{ a }}", "{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q }}", "{% generation %}a{{ t }}{% endgeneration %}b",
    "{% if no %}a{% elif n == 7 %}b{% else %}c{% endif %}", "{% if no %}a{% elif no %}b{% else %}c{% endif %}", "{% if nothing_here %}a{% else %}b{% endif %}", "{% if xs and d and not empty %}a{% endif %}", "{% if yes %}a", "{% endif %}", "{{ 1 +", "{{ 'a }}", "{% nope %}",
    "{{ t | nope }}", "{{ t is nope }}", "{{ (1 }}", "{{ 1) }}", "{# open", "{% for x in xs %}{% endif %}", "{{ }}", "{% break %}", "{% if %}a{% endif %}", "}} %} #} { { % }", "{", "{ {", "{{ t }", "{{ loop }}", "{{ t\n | upper\n }}", "{{ not }}", "{{ 1 2 }}",
    "{% set x = namespace(a=1) %}{% set x.b = 2 %}{{ x.a }}{{ x.b }}{{ x.c is defined }}", "{% for m in people %}{{ m.name }}{% if not loop.last %}, {% endif %}{% endfor %}", "{% for m in people %}{% set last = loop.last %}{{ last }}{% endfor %}",
    "{{ people[0].name ~ people[-1]['name'] }}", "{{ people | map(attribute='age') | select('defined') | sum }}", "{% for x in range(3) | reverse %}{{ x }}{% endfor %}", "{% for x in xs | sort %}{{ x }}{% endfor %}", "\u00a0{% if yes %}x{% endif %}", "a\x0b{%- if yes %}x{% endif %}",
]


class Generation(Extension):
    """As transformers: {% generation %} marks the model's own text and changes nothing."""
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.Scope(body).set_lineno(line)


def environment():
    """transformers' environment (utils/chat_template_utils.py)."""
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    env.filters["tojson"] = lambda x, ensure_ascii=False, indent=None, separators=None, sort_keys=False: json.dumps(
        x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
    return env


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    env, cases = environment(), []
    for template in ["{{ " + e.strip() + " }}" for line in EXPRESSIONS.strip().splitlines() for e in line.split(";;")] + BLOCKS:
        try:
            cases.append(dict(template=template, rendered=env.from_string(template).render(**VARIABLES)))
        except Exception as error:  # whatever Jinja or Python raises
            cases.append(dict(template=template, error=type(error).__name__))
    result = dict(jinja2=jinja2.__version__, variables=VARIABLES, cases=cases)
    with open(args.out, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    print(len(cases), "cases,", sum("error" in c for c in cases), "errors")


if __name__ == "__main__":
    main()
