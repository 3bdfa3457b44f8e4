import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

/** Opens an entry of the menu Configuration of Postmaster. */
function openConfiguration(menu) {
    return [
        ...stepUtils.goToAppSteps("mail_postmaster.menu_root"),
        {
            content: "Open the menu Configuration",
            trigger: "button[data-menu-xmlid='mail_postmaster.menu_configuration']",
            run: "click",
        },
        {
            content: `Open ${menu}`,
            trigger: `.o-dropdown-item[data-menu-xmlid='mail_postmaster.${menu}']`,
            run: "click",
        },
    ];
}

/** Chooses from a selection field by its label. */
function choose(field, label) {
    return [
        {
            content: `Open the choices of ${field}`,
            trigger: `.o_form_view [name='${field}'] input`,
            run: "click",
        },
        {
            content: `Choose ${label}`,
            trigger: `.o_select_menu_item:contains(/^${label}$/)`,
            run: "click",
        },
        {
            trigger: `.o_form_view [name='${field}'] input:value('${label}')`,
        },
    ];
}

/** Writes the last day of a former address, and saves. */
function endFormerAddress(address, day) {
    const row = `[name='retired_address_ids'] .o_data_row:contains('${address}')`;
    return [
        {
            content: `End ${address}`,
            trigger: `${row} .o_data_cell[name='until']`,
            run: "click",
        },
        {
            trigger: `${row} .o_data_cell[name='until'] input`,
            run: `edit ${day} && press Enter`,
        },
        ...stepUtils.saveForm(),
    ];
}

/** Finds an alias that shares its address, and shows the addresses. */
registry.category("web_tour.tours").add("mail_postmaster_alias_list", {
    steps: () => [
        ...openConfiguration("menu_aliases"),
        {
            content: "The list shows that the alias refuses messages",
            trigger: ".o_data_row:contains('closed') .text-danger:contains('Refuse')",
        },
        {
            content: "Show the addresses",
            trigger: ".o_optional_columns_dropdown button",
            run: "click",
        },
        {
            trigger: ".o-dropdown--menu .dropdown-item:contains('Reached by')",
            run: "click",
        },
        {
            trigger: ".o_data_row td[name='reached_by']:contains('desks@received.test')",
        },
        {
            content: "Show aliases that share an address",
            trigger: ".o_searchview_dropdown_toggler",
            run: "click",
        },
        {
            trigger: ".o_filter_menu .o_menu_item:contains('Shares an address')",
            run: "click",
        },
        {
            content: "The others are left out",
            trigger: ".o_list_view:not(:has(.o_data_row:contains('desks')))",
        },
        {
            trigger: ".o_data_row:contains('twins'):contains('received.test') td[name='alias_name']",
            run: "click",
        },
        {
            content: "Read which alias shares the address",
            trigger:
                ".o_form_view [name='shared_with']:contains('twins@shop.test (twins@second.test)')",
        },
    ],
});

/** Limits an alias to some domains, closes it, renames it and ends its former address. */
registry.category("web_tour.tours").add("mail_postmaster_alias_form", {
    steps: () => [
        ...openConfiguration("menu_aliases"),
        {
            trigger: ".o_data_row:contains('desks') td[name='alias_name']",
            run: "click",
        },
        {
            trigger: ".o_form_view [name='reached_by']:contains(/^desks@received.test$/)",
        },
        {
            content: "Nothing warns",
            trigger: ".o_form_view:not(:has(.alert-warning, [name='allowed_domains']))",
        },
        {
            content: "Detect the local part",
            trigger: ".o_form_view [name='alias_incoming_local'] input",
            run: "click",
        },
        {
            trigger: ".o_form_view .alert-warning:contains('accepted in any domain')",
        },
        {
            trigger: ".o_form_view [name='reached_by']:contains('desks@*')",
        },
        {
            content: "Enter the domains it accepts",
            trigger: ".o_form_view [name='allowed_domains'] input",
            run: "edit Partner.example.com,*.example.org && press Tab",
        },
        {
            content: "The warning is gone before anything is saved",
            trigger: 
                ".o_form_view:has(.o_form_button_save:enabled):not(:has(.alert-warning))",
        },
        ...stepUtils.saveForm(),
        {
            content: "The domains are normalized",
            trigger:
                ".o_form_view [name='allowed_domains'] input:value('partner.example.com, *.example.org')",
        },
        {
            trigger:
                ".o_form_view [name='reached_by']:contains('desks@partner.example.com, desks@*.example.org')",
        },
        {
            content: "No text for the sender while messages are accepted",
            trigger: ".o_form_view:not(:has([name='alias_refusal']))",
        },
        ...choose("alias_mode", "Refuse"),
        {
            content: "Write the text for the sender",
            trigger: ".o_form_view [name='alias_refusal'] .odoo-editor-editable",
            run: "editor We sell no desks.",
        },
        {
            content: "Refused immediately, so no date is shown",
            trigger: ".o_form_view:not(:has([name='alias_closed_since']))",
        },
        ...stepUtils.saveForm(),
        ...choose("alias_mode", "Closed"),
        {
            content: "It is closed from today by default",
            trigger: ".o_form_view [name='alias_closed_since'] button",
            run: "click",
        },
        {
            trigger: ".o_form_view [name='alias_closed_since'] input",
            run: "edit 01/31/2026 && press Enter",
        },
        ...stepUtils.saveForm(),
        {
            trigger: ".o_form_view [name='alias_closed_since']:contains('Jan 31')",
        },
        {
            content: "It has no former address",
            trigger: ".o_form_view:not(:has([name='retired_address_ids']))",
        },
        {
            content: "Rename it",
            trigger: ".o_form_view [name='alias_name'] input",
            run: "edit tables",
        },
        ...stepUtils.saveForm(),
        {
            content: "The former address still works",
            trigger: ".o_form_view [name='reached_by']:contains('desks@received.test')",
        },
        ...endFormerAddress("desks@received.test", "01/31/2020"),
        {
            content: "It has ended",
            trigger:
                ".o_form_view [name='reached_by']:contains('tables@received.test'):not(:contains('desks@received.test'))",
        },
        {
            trigger:
                "[name='retired_address_ids'] .o_data_row:contains('desks@received.test'):contains('2020')",
        },
    ],
});

/** Limits the aliases of a domain to some domains, renames it and ends a former address. */
registry.category("web_tour.tours").add("mail_postmaster_alias_domain", {
    steps: () => [
        ...openConfiguration("menu_alias_domains"),
        {
            trigger: ".o_data_row:contains('received.test') td[name='name']",
            run: "click",
        },
        {
            trigger: ".o_form_view [name='allowed_domains'] input",
            run: "edit good.example.com, no domain",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "An invalid domain is named",
            trigger: ".modal:contains('no domain is not a domain name.') .btn-primary",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .o_form_view [name='allowed_domains'] input",
            run: "edit good.example.com, *.example.org",
        },
        ...stepUtils.saveForm(),
        {
            content: "It has no former addresses",
            trigger: ".o_form_view:not(:has([name='retired_address_ids']))",
        },
        {
            trigger: ".o_form_view [name='name'] input",
            run: "edit Renamed.test",
        },
        ...stepUtils.saveForm(),
        {
            content: "Its name is normalized, and the former one is listed",
            trigger: ".o_form_view [name='name'] input:value('renamed.test')",
        },
        {
            trigger: ".o_form_view .o_horizontal_separator:contains('Former addresses')",
        },
        {
            trigger:
                "[name='retired_address_ids'] .o_data_row:contains('catchall@received.test'):contains('Catchall')",
        },
        ...endFormerAddress("bounce@received.test", "12/31/2030"),
        {
            trigger:
                "[name='retired_address_ids'] .o_data_row:contains('bounce@received.test'):contains('2030')",
        },
    ],
});

/** Goes from the banner to the alias domain, reads what would change, and stores its name. */
registry.category("web_tour.tours").add("mail_postmaster_stored_name", {
    steps: () => [
        ...stepUtils.goToAppSteps("mail_postmaster.menu_root"),
        {
            trigger: ".o_postmaster_names:contains('“Received.TEST” (received.test)') button",
            run: "click",
        },
        {
            content: "The list shows how messages name it",
            trigger:
                ".o_data_row:contains('Received.TEST') td[name='name_in_messages']:contains('received.test')",
        },
        {
            trigger: ".o_data_row:contains('Received.TEST') td[name='name']",
            run: "click",
        },
        {
            trigger: ".o_form_view .alert:contains('Messages name this domain') button",
            run: "click",
        },
        {
            content: "Nothing is changed without confirmation",
            trigger: ".modal:contains('change with it') footer .btn-primary",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .o_form_view [name='name'] input:value('received.test')",
        },
        {
            trigger: ".o_form_view:not(:has(.alert:contains('Messages name this domain')))",
        },
    ],
});

/** Chooses the mail server of a mailbox, and a record for messages without an alias. */
registry.category("web_tour.tours").add("mail_postmaster_incoming_server", {
    steps: () => [
        ...openConfiguration("menu_servers"),
        {
            trigger: ".o_data_row:contains('Inbox of the tests') td[name='name']",
            run: "click",
        },
        {
            content: "Without a record to create, there is no option for the catchall",
            trigger:
                ".o_form_view:has([name='object_id']):not(:has([name='fallback_takes_catchall']))",
        },
        ...choose("recipient_preset", "Postfix"),
        {
            content: "Its fields are filled in",
            trigger:
                ".o_form_view [name='recipient_fields'] input:value('X-Original-To, Delivered-To')",
        },
        {
            content: "Read the note about the server",
            trigger: ".o_form_view [name='recipient_preset_note']:contains('When Postfix delivers')",
        },
        {
            trigger: ".o_form_view [name='recipient_fields_on_top'] input:checked",
        },
        {
            content: "Postfix writes no prefix",
            trigger: ".o_form_view:not(:has([name='recipient_prefix']))",
        },
        ...choose("recipient_preset", "qmail"),
        {
            trigger: ".o_form_view [name='recipient_fields'] input:value(/^Delivered-To$/)",
        },
        {
            trigger: ".o_form_view [name='recipient_fields_on_top'] input:checked",
        },
        {
            content: "qmail writes one",
            trigger: ".o_form_view [name='recipient_prefix'] input",
            run: "edit example.com-",
        },
        {
            content: "Messages without an alias create a contact",
            trigger: ".o_form_view [name='object_id'] input",
            run: "edit Contact",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(/^Contact$/)",
            run: "click",
        },
        {
            trigger: ".o_form_view [name='fallback_takes_catchall'] input:not(:checked)",
            run: "click",
        },
        ...stepUtils.saveForm(),
        {
            trigger: ".o_form_view [name='recipient_prefix'] input:value('example.com-')",
        },
    ],
});

/** Creates a source and a token that is shown once, and revokes the token. */
registry.category("web_tour.tours").add("mail_postmaster_http_source", {
    steps: () => [
        ...openConfiguration("menu_sources"),
        {
            content: "No sources yet",
            trigger: ".o_nocontent_help:contains('Let a provider or a script post messages')",
        },
        {
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_form_view [name='name'] input",
            run: "edit Provider",
        },
        {
            content: "A source needs a token",
            trigger: ".o_form_view .alert:contains('Nothing can be posted yet')",
        },
        {
            trigger: "button[name='action_new_token']",
            run: "click",
        },
        {
            content: "The complete token is shown",
            trigger: ".modal [name='token']:contains(/postmaster_[0-9a-f]{12}_[\\w-]{43}/)",
        },
        {
            trigger: ".modal footer button:contains(/^Done$/)",
            run: "click",
        },
        {
            content: "Only its beginning is still shown",
            trigger:
                "body:not(:has(.modal)) [name='token_ids'] .o_data_row " +
                "[name='public']:contains(/^postmaster_[0-9a-f]{12}$/)",
        },
        {
            trigger: ".o_form_view:not(:has(.alert:contains('Nothing can be posted yet')))",
        },
        {
            trigger: ".o_data_row button[name='action_revoke']",
            run: "click",
        },
        {
            content: "Confirm that this cannot be undone",
            trigger: ".modal:contains('cannot be undone') footer .btn-primary",
            run: "click",
        },
        {
            content: "The token no longer works, and the page says so",
            trigger: ".o_data_row:not(:has(button[name='action_revoke'])):contains('postmaster_')",
        },
        {
            trigger: ".o_form_view .alert:contains('Nothing can be posted yet')",
        },
    ],
});
