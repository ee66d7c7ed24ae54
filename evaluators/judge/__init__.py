"""A model as an evaluator: a criterion, who answers it, and how the answer is read."""

from evaluators.judge.asking import VerdictCache
from evaluators.judge.claims import GroundednessJudge
from evaluators.judge.criterion import Answer, Criterion, Example
from evaluators.judge.evaluator import Judge
from evaluators.judge.litellm_model import LiteLLMJudgeModel
from evaluators.judge.model import BudgetSpent, JudgeError, JudgeModel, JudgeReply
from evaluators.judge.pacing import Budgeted, Purse, Throttle, Throttled, Timed, price_per_token
from evaluators.judge.sampling import Strata
from evaluators.judge.scripted import Line, ScriptedJudgeModel
from evaluators.judge.templates import TEMPLATES, TemplateName, criterion_of

__all__ = [
    "TEMPLATES",
    "Answer",
    "BudgetSpent",
    "Budgeted",
    "Criterion",
    "Example",
    "GroundednessJudge",
    "Judge",
    "JudgeError",
    "JudgeModel",
    "JudgeReply",
    "Line",
    "LiteLLMJudgeModel",
    "Purse",
    "ScriptedJudgeModel",
    "Strata",
    "TemplateName",
    "Throttle",
    "Throttled",
    "Timed",
    "VerdictCache",
    "criterion_of",
    "price_per_token",
]
