import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { Component } from "@odoo/owl";

/** Shows the decisions taken about a message: a list of {hit, text}. */
export class TraceField extends Component {
    static template = "mail_postmaster.TraceField";
    static props = { ...standardFieldProps };

    get lines() {
        return this.props.record.data[this.props.name] || [];
    }
}

registry.category("fields").add("mail_postmaster_trace", {
    component: TraceField,
    supportedTypes: ["json"],
});
