"""A model as an evaluator: a criterion, who answers it, and how the answer is read."""

from evaluators.judge.criterion import Answer, Criterion, Example
from evaluators.judge.evaluator import Judge
from evaluators.judge.litellm_model import LiteLLMJudgeModel
from evaluators.judge.model import JudgeError, JudgeModel, JudgeReply
from evaluators.judge.scripted import Line, ScriptedJudgeModel

__all__ = [
    "Answer",
    "Criterion",
    "Example",
    "Judge",
    "JudgeError",
    "JudgeModel",
    "JudgeReply",
    "Line",
    "LiteLLMJudgeModel",
    "ScriptedJudgeModel",
]
