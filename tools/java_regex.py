"""Java regular expressions, as AWS's service models have them, to terms.

A lookaround is an intersection with a complement:
    A(?!B)C  =  A (C and not B.*)        A(?<!B)C  =  (A and not .*B) C
What has no exact conversion raises Unsupported.
"""
import functools
import unicodedata

from regex_terms import (EMPTY, EVERYTHING, INFINITE, TOP, alt, both, cat, chars, complement,
                         inverse, lit, repeat, union)


class Unsupported(Exception):
    pass


@functools.lru_cache(maxsize=None)
def category(letter):
    """The code points of a general category such as L, Z or N."""
    return union(*[((c, c),) for c in range(TOP + 1)
                   if unicodedata.category(chr(c)).startswith(letter)])


DIGIT = ((48, 57),)
WORD = union(DIGIT, ((65, 90), (95, 95), (97, 122)))
SPACE = ((9, 13), (32, 32))
ALNUM = union(DIGIT, ((65, 90), (97, 122)))
# Java's line terminators, which its `.` does not match
DOT = complement(union(((10, 10), (13, 13), (0x85, 0x85), (0x2028, 0x2029))))
ESCAPES = {"d": DIGIT, "D": complement(DIGIT), "w": WORD, "W": complement(WORD),
           "s": SPACE, "S": complement(SPACE), "t": ((9, 9),), "n": ((10, 10),),
           "r": ((13, 13),)}


class Parser:
    def __init__(self, pattern):
        self.text = pattern
        self.at = 0

    def peek(self, words="", count=1):
        found = self.text[self.at:self.at + count]
        return found if not words or found in words else ""

    def take(self, word):
        if self.text.startswith(word, self.at):
            self.at += len(word)
            return True
        return False

    def whole(self):
        self.take("^")
        if self.text.endswith("$") and not self.text.endswith("\\$"):
            self.text = self.text[:-1]
        term = self.alternatives(top=True)
        if self.at != len(self.text):
            raise Unsupported(f"unexpected {self.peek()!r}")
        return term

    def alternatives(self, top=False):
        terms = [self.sequence(top)]
        while self.take("|"):
            terms.append(self.sequence(top))
        return alt(*terms)

    def sequence(self, top):
        before = EMPTY
        while self.at < len(self.text) and self.peek() not in ("|", ")"):
            if self.take("(?!") or self.take("(?="):
                negative = self.text[self.at - 1] == "!"
                ahead = self.lookaround(top)
                rest = self.sequence(top)
                ahead = cat(ahead, EVERYTHING)
                return cat(before, both(rest, inverse(ahead) if negative else ahead))
            if self.take("(?<!") or self.take("(?<="):
                negative = self.text[self.at - 1] == "!"
                behind = cat(EVERYTHING, self.lookaround(top))
                before = both(before, inverse(behind) if negative else behind)
                continue
            before = cat(before, self.repeated())
        return before

    def lookaround(self, top):
        # inside a group it would also see what is outside the group
        if not top:
            raise Unsupported("a lookaround inside a group")
        term = self.alternatives()
        if not self.take(")"):
            raise Unsupported("a parenthesis is open")
        return term

    def repeated(self):
        term = self.atom()
        while True:
            if self.take("*"):
                low, high = 0, INFINITE
            elif self.take("+"):
                low, high = 1, INFINITE
            elif self.take("?"):
                low, high = 0, 1
            elif self.peek() == "{":
                low, high = self.braces()
            else:
                return term
            if self.take("+"):
                raise Unsupported("a possessive quantifier")
            self.take("?")  # lazy: the same strings match as a whole
            term = repeat(term, low, high)

    def braces(self):
        end = self.text.index("}", self.at)
        low, comma, high = self.text[self.at + 1:end].partition(",")
        self.at = end + 1
        if not low.isdigit() or not (high.isdigit() or high == ""):
            raise Unsupported("braces without numbers")
        return int(low), (int(high) if high else INFINITE if comma else int(low))

    def atom(self):
        if self.take("("):
            if self.peek() == "?" and not self.take("?:"):
                raise Unsupported("group " + self.text[self.at - 1:self.at + 3])
            term = self.alternatives()
            if not self.take(")"):
                raise Unsupported("a parenthesis is open")
            return term
        if self.take("["):
            return lit(self.char_class())
        if self.take("."):
            return lit(DOT)
        if self.peek() in ("^", "$"):
            raise Unsupported("an anchor inside")
        if self.take("\\"):
            return lit(self.escape())
        char = self.peek()
        if char in ("*", "+", "?", "{"):
            raise Unsupported(f"nothing before {char}")
        self.at += 1
        return lit(chars(char))

    def escape(self):
        char = self.peek()
        self.at += 1
        if char == "u":
            return ((self.hex4(), ) * 2,)
        if char == "p" and self.peek() == "{":
            end = self.text.index("}", self.at)
            name, self.at = self.text[self.at + 1:end], end + 1
            if name == "Alnum":
                return ALNUM
            if name in ("L", "M", "N", "P", "S", "Z"):
                return category(name)
            raise Unsupported(f"\\p{{{name}}}")
        if char in ESCAPES:
            return ESCAPES[char]
        if not char or char.isalnum():
            raise Unsupported(f"\\{char}")
        return chars(char)

    def hex4(self):
        """After \\u; a pair of surrogates is one code point, as in Java."""
        high = int(self.text[self.at:self.at + 4], 16)
        self.at += 4
        if 0xD800 <= high <= 0xDBFF and self.text.startswith("\\u", self.at):
            low = int(self.text[self.at + 2:self.at + 6], 16)
            if 0xDC00 <= low <= 0xDFFF:
                self.at += 6
                return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
        return high

    def class_item(self):
        if self.take("\\"):
            return self.escape()
        char = self.peek()
        if char == "[" or self.text.startswith("&&", self.at):
            raise Unsupported("a class inside a class")
        self.at += 1
        return chars(char)

    def char_class(self):
        negative = self.take("^")
        found, first = [], True
        while first or self.peek() != "]":
            if self.at >= len(self.text) or (first and self.peek() == "]"):
                raise Unsupported("a class is open")
            first = False
            item = self.class_item()
            single = len(item) == 1 and item[0][0] == item[0][1]
            if single and self.peek() == "-" and self.text[self.at + 1:self.at + 2] not in \
                    ("]", ""):
                self.at += 1
                last = self.class_item()
                if len(last) != 1 or last[0][0] != last[0][1] or last[0][0] < item[0][0]:
                    raise Unsupported("a range without a last character")
                item = ((item[0][0], last[0][0]),)
            found.append(item)
        self.at += 1
        ranges = union(*found)
        return complement(ranges) if negative else ranges
