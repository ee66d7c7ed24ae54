"""The rules of a system prompt: found, known again after an edit, and checked."""

from evaluators.rules.evaluator import RuleAdherence
from evaluators.rules.identity import KnownRule, RuleBook, RulesInMemory
from evaluators.rules.parse import rules_in

__all__ = ["KnownRule", "RuleAdherence", "RuleBook", "RulesInMemory", "rules_in"]
