import { CheckBox } from "@web/core/checkbox/checkbox";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Component, onWillStart, onWillUnmount, useState } from "@odoo/owl";

// A message takes some tens of milliseconds; a request must end before the worker's limit.
const CHUNK = 10;

/** Processes received messages in batches, shows the progress, and can be stopped.
 *
 * Asks for confirmation if some were already handled: neither a notice to the sender nor a
 * record is undone.
 */
export class ProcessAgainDialog extends Component {
    static template = "mail_postmaster.ProcessAgainDialog";
    static components = { CheckBox, Dialog };
    static props = {
        kinds: { type: Object, values: { type: Array, element: Number } },
        skipped: { type: Number },
        close: Function,
    };

    setup() {
        this.orm = useService("orm");
        this.state = useState({
            isAsking: this.questions.length > 0,
            chosen: { waiting: true },
            done: 0,
            error: "",
            isRunning: false,
            isStopping: false,
        });
        this.counts = useState({ delivered: 0, parked: 0, retry: 0, other: 0, skipped: 0 });
        onWillStart(() => {
            if (!this.state.isAsking) {
                this.run();
            }
        });
        onWillUnmount(() => this.stop());
    }

    get title() {
        return _t("Process again");
    }

    /** The questions to ask, by kind; see _release_kind in mail_postmaster_message.py. */
    get questions() {
        const { refused = [], repeated = [], ignored = [] } = this.props.kinds;
        return [
            {
                kind: "refused",
                count: refused.length,
                text: _t(
                    "Refused: %s. Their senders were notified and may have sent them again.",
                    refused.length
                ),
            },
            {
                kind: "repeated",
                count: repeated.length,
                text: _t(
                    "Duplicates: %s. Another copy was delivered, so each creates a second record.",
                    repeated.length
                ),
            },
            {
                kind: "ignored",
                count: ignored.length,
                text: _t("Ignored: %s, by a rule or by a person.", ignored.length),
            },
        ].filter((question) => question.count);
    }

    get waiting() {
        return this.props.kinds.waiting?.length || 0;
    }

    get chosenKinds() {
        return Object.keys(this.props.kinds).filter((kind) => this.state.chosen[kind]);
    }

    get ids() {
        return this.chosenKinds.flatMap((kind) => this.props.kinds[kind]);
    }

    get total() {
        return this.ids.length;
    }

    get percent() {
        return this.total ? Math.round((100 * this.state.done) / this.total) : 100;
    }

    choose(kind, isChosen) {
        this.state.chosen[kind] = isChosen;
    }

    stop() {
        this.state.isStopping = true;
    }

    async run() {
        this.state.isAsking = false;
        this.state.isRunning = true;
        const { ids, chosenKinds } = this;
        while (this.state.done < ids.length && !this.state.isStopping) {
            const chunk = ids.slice(this.state.done, this.state.done + CHUNK);
            try {
                await this.process(chunk, chosenKinds);
            } catch (error) {
                // An error that stops a whole batch, such as an unreachable server, stops the rest.
                this.state.error = error.data?.message || error.message;
                break;
            }
            this.state.done += chunk.length;
        }
        this.state.isRunning = false;
    }

    async process(ids, kinds) {
        const model = "mail.postmaster.message";
        const outcomes = await this.orm.silent.call(model, "process_selected", [ids, kinds]);
        for (const [outcome, count] of Object.entries(outcomes)) {
            this.counts[outcome in this.counts ? outcome : "other"] += count;
        }
    }
}

/** Opens the dialog and reloads the list when it is closed. */
async function processAgain(env, action) {
    const { kinds, skipped } = action.params;
    await new Promise((resolve) => {
        env.services.dialog.add(ProcessAgainDialog, { kinds, skipped }, { onClose: resolve });
    });
    return { type: "ir.actions.act_window_close" };
}

registry.category("actions").add("mail_postmaster.process_again", processAgain);
