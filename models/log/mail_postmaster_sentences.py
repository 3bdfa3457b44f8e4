"""Sentences for the reasons and traces of the log, in the reader's language."""

from odoo import api, models

from ...gateway.authentication import from_json
from ...words.authentication_sentences import (
    FINDINGS,
    MARK_OF_ODDITIES,
    MARKS,
    ODDITIES,
    authentication_line,
    decode_oddities,
)
from ...words.report_sentences import (
    AND_MORE,
    NOBODY,
    NOTES,
    OUTCOMES,
    SAID,
    SAID_BY_SERVER,
    WHY,
    decode_outcomes,
    is_rest,
)
from ...words.sentences import (
    NO_DELIVERY,
    NO_DELIVERY_OTHERWISE,
    NOT_NOTIFIED,
    REPEATED,
    REPEATED_UNKNOWN,
    STEPS,
    UNTOLD,
    fill,
)
from . import mail_postmaster_message  # noqa: F401  what is extended here


class MailPostmasterMessage(models.Model):
    _inherit = "mail.postmaster.message"

    @api.depends("reason_code", "reason_params")
    @api.depends_context("lang")
    def _compute_reason(self):
        for mail in self:
            mail.reason = self._sentence(mail.reason_code, mail.reason_params)

    @api.depends("reason_code", "delivery_ids", "original_id")
    @api.depends_context("lang", "uid", "allowed_company_ids")
    def _compute_delivery_note(self):
        for mail in self:
            if mail.delivery_ids:
                mail.delivery_note = False
            elif mail._is_repeat():
                mail.delivery_note = self.env._(REPEATED if mail.original_id else REPEATED_UNKNOWN)
            else:
                mail.delivery_note = self.env._(
                    NO_DELIVERY.get(mail.reason_code, NO_DELIVERY_OTHERWISE)
                )

    @api.depends("trace")
    @api.depends_context("lang")
    def _compute_trace_lines(self):
        for mail in self:
            mail.trace_lines = [self._step_sentence(step) for step in mail.trace or []]

    @api.depends("authentication_results")
    @api.depends_context("lang")
    def _compute_authentication_lines(self):
        for mail in self:
            results = from_json(mail.authentication_results)
            mail.authentication_lines = results and "\n".join(
                [
                    self.env._("Checked by: %s", results.judge or self.env._("this database")),
                    *map(authentication_line, results.found),
                ]
                if results.is_judged
                else [self.env._("No trusted mail server has checked it.")]
            )

    @api.model
    def _sentence(self, code, params):
        """Return the sentence of a reason in the reader's language, or False."""
        known = self.env["mail.postmaster.reason"]._definitions().get(code)
        if not known:
            # A reason of an addon that was removed: its code is better than nothing.
            return code
        params = self._readable_params(params)
        sentences = [known.sentence, *([UNTOLD] if params.get("untold") else [])]
        return " ".join(fill(self.env._(one), params) for one in sentences).strip()

    @api.model
    def _step_sentence(self, step):
        """Return ``{"hit": bool, "text": sentence}`` for a step of a trace."""
        code, hit = step.get("step"), bool(step.get("hit"))
        template = STEPS.get(code, {}).get(hit)
        if not template:
            return {"hit": hit, "text": code}
        params = self._readable_params(step.get("params"))
        return {"hit": hit, "text": fill(self.env._(template), params)}

    @api.model
    def _readable_params(self, params):
        """Return parameters with models and targets by their names."""
        params = dict(params) if isinstance(params, dict) else {}
        if model := params.get("model"):
            params["model"] = self._model_name(model)
        if target := params.get("target"):
            params["target"] = self._target_name(str(target))
        if code := params.get("finding"):
            params["finding"] = self._finding(code, params)
        if (code := params.get("why")) in NOT_NOTIFIED:
            # Traces of earlier versions hold the sentence.
            params["why"] = fill(self.env._(NOT_NOTIFIED[code]), params)
        if (code := params.get("untold")) in NOT_NOTIFIED:
            params["untold"] = fill(self.env._(NOT_NOTIFIED[code]), params)
        params["judge"] = params.get("judge") or self.env._("this database")
        params["oddities"] = self._oddities(str(params.get("oddities") or ""))
        params["outcomes"] = " ".join(
            map(self._outcome_sentence, decode_outcomes(str(params.get("outcomes") or "")))
        ).strip()
        if found := params.get("found"):
            names = [self._target_name(target) for target in str(found).split(", ")]
            params["found"] = ", ".join(names)
        return params

    def _finding(self, code, params):
        known = {"domain": params.get("domain") or "?"}
        return fill(self.env._(FINDINGS[code]), known) if str(code) in FINDINGS else str(code)

    def _oddities(self, text):
        """Return the oddities of a sender in words, from ``encode_oddities``."""
        return ", ".join(
            fill(self.env._(ODDITIES[code]), {"detail": detail})
            for code, detail in decode_oddities(text)
            if code in ODDITIES
        )

    @api.model
    def _mark_sentence(self, mark):
        """Return the note beside a message of a conversation, or False.

        :param mark: as ``mail.postmaster.authentication._mark`` returns it
        """
        if not isinstance(mark, dict) or str(mark.get("kind")) not in MARKS:
            return False
        params = self._readable_params(mark)
        said = [fill(self.env._(MARKS[mark["kind"]]), params)]
        if params["oddities"]:
            said.append(fill(self.env._(MARK_OF_ODDITIES), params))
        return " ".join(said)

    @api.model
    def _outcome_sentence(self, outcome):
        """Return a sentence for an outcome of ``report_sentences.decode_outcomes``."""
        kind, code, address = outcome
        if is_rest(kind):
            return fill(self.env._(AND_MORE), {"count": code})
        if kind not in OUTCOMES:
            return ""
        params = {"address": address or self.env._(NOBODY), "why": self._why(code)}
        return fill(self.env._(OUTCOMES[kind]), params)

    @api.model
    def _report_sentence(self, content):
        """Return the report that a ``mail.notification`` keeps in words, with the server's text."""
        # Internal users may write notifications; an invalid value must not break the view.
        template = NOTES.get(str(content.get("kind"))) if isinstance(content, dict) else None
        if not template:
            return ""
        said = ""
        if content.get("diagnostic"):
            said = fill(self.env._(SAID_BY_SERVER if content.get("server") else SAID), content)
        note = fill(self.env._(template), {"why": self._why(content.get("code"))})
        return f"{note} {said}".strip()

    def _why(self, code):
        # A code of a later version is better than nothing.
        return self.env._(WHY[code]) if str(code) in WHY else str(code)

    @api.model
    def _model_name(self, model):
        if model not in self.env:
            return model
        # The names of models are not secret, but only administrators may read ir.model.
        return self.env["ir.model"].sudo()._get(model).name or model

    @api.model
    def _target_name(self, target):
        """Return a target of ``attempt.target_of`` in words."""
        kind, _colon, rest = target.partition(":")
        model, _comma, record_id = rest.partition(",")
        if kind == "alias" and rest.isdigit():
            # The address is shown regardless of who owns the alias.
            alias = self.env["mail.alias"].sudo().browse(int(rest)).exists()
            return alias.display_name if alias else self.env._("a deleted alias")
        if kind in ("catchall", "bounce", "default_from") and rest.isdigit():
            domain = self.env["mail.alias.domain"].sudo().browse(int(rest)).exists()
            return self.env._("%(kind)s of %(domain)s", kind=kind, domain=domain.name or rest)
        name = self._model_name(model)
        if kind == "thread":
            return self.env._("%(model)s #%(id)s", model=name, id=record_id)
        if kind == "fallback":
            return self.env._("a new %(model)s (no alias matched)", model=name)
        return target
