"""robots.txt as served, and what a polite client may ask for under it (RFC 9309)."""

import re
from dataclasses import dataclass

ALLOW_ALL = "User-agent: *\nDisallow:\n"


@dataclass(frozen=True, slots=True)
class Robots:
    """The file and its status. Per the RFC, 4xx allows everything and 5xx nothing."""

    body: str = ALLOW_ALL
    status: int = 200

    def allows(self, agent: str, path: str) -> bool:
        """Whether the path may be fetched by this User-Agent; the longest matching rule decides."""
        if self.status >= 500:
            return False
        if self.status >= 400:
            return True
        matched = [(len(p), allow) for allow, p in self._rules(agent) if _matches(p, path)]
        return max(matched, default=(0, True))[1]

    def _rules(self, agent: str) -> list[tuple[bool, str]]:
        groups = _parse(self.body)
        own = [rules for names, rules in groups if any(n in agent.lower() for n in names - {"*"})]
        chosen = own or [rules for names, rules in groups if "*" in names]
        return [rule for rules in chosen for rule in rules if rule[1]]


Group = tuple[set[str], list[tuple[bool, str]]]


def _parse(body: str) -> list[Group]:
    groups: list[Group] = []
    for line in body.splitlines():
        key, _, value = line.partition("#")[0].partition(":")
        name, text = key.strip().lower(), value.strip()
        if name == "user-agent":
            if not groups or groups[-1][1]:
                groups.append((set(), []))
            groups[-1][0].add(text.lower())
        elif name in {"allow", "disallow"} and groups:
            groups[-1][1].append((name == "allow", text))
    return groups


def _matches(pattern: str, path: str) -> bool:
    regex = ".*".join(re.escape(part) for part in pattern.rstrip("$").split("*"))
    return re.match(regex + ("$" if pattern.endswith("$") else ""), path) is not None
