using System.Collections.Frozen;
using OpenBanking.Consent.Contracts;

namespace OpenBanking.Identity.Authorize;

/// <summary>
/// A type of <c>authorization_details</c> (RFC 9396) with its schema. Each names a consent that was created before, where amounts, payees,
/// accounts and dates stand already: said once, they cannot be said in two ways. None has the common fields <c>locations</c>,
/// <c>actions</c>, <c>datatypes</c>, <c>identifier</c> or <c>privileges</c>; what is sent of them is refused and not passed over (RAR-05).
/// </summary>
internal sealed record DetailsType(string Name, DetailsSchema Schema)
{
    /// <summary>What the grant adds to a detail: the accounts that the customer has chosen or that the consent names (RAR-07).</summary>
    public const string Accounts = "accounts";

    /// <summary>A row a type; the kinds of consent that have it are rows of <see cref="ConsentKind.All"/>.</summary>
    private static readonly FrozenDictionary<string, DetailsType> ByName = new[]
    {
        Of("account_information", "Access to data of accounts, as an account-access consent says it.", "The accounts that the customer has chosen."),
        Of("payment_initiation", "One payment, as a payment consent says it: amount, payee and date.", "The account that it is paid from."),
        Of("variable_recurring_payment", "Payments within the limits of a VRP consent.", "The account that they are paid from."),
        Of("funds_confirmation", "Answers to whether an amount is available, as a funds-confirmation consent says it.", "The account that is asked about."),
    }.ToFrozenDictionary(type => type.Name, StringComparer.Ordinal);

    public static DetailsType? Find(string name) => ByName.GetValueOrDefault(name);

    private static DetailsType Of(string name, string description, string accounts) => new(name, DetailsSchema.Of($$"""
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "title": "{{name}}",
          "description": "{{description}}",
          "type": "object",
          "properties": {
            "type": { "type": "string", "enum": ["{{name}}"] },
            "consent_id": {
              "description": "The consent, created before over its own API.",
              "type": "string",
              "minLength": 1,
              "maxLength": 128
            }
          },
          "required": ["type", "consent_id"],
          "additionalProperties": false,
          "$defs": {
            "granted": {
              "description": "As token answers and introspection give it back.",
              "type": "object",
              "properties": {
                "type": { "type": "string", "enum": ["{{name}}"] },
                "consent_id": { "type": "string" },
                "{{Accounts}}": { "description": "{{accounts}}", "type": "array", "items": { "type": "string" } }
              },
              "required": ["type", "consent_id", "{{Accounts}}"],
              "additionalProperties": false
            }
          }
        }
        """));
}
