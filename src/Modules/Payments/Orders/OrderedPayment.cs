using System.Text.Json;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Payments.Orders;

/// <summary>What an order moves, read from what was asked for and from what the bank has said to it; both were judged with the consent.</summary>
internal sealed class OrderedPayment(JsonElement request, string? quoted)
{
    public OrderedPayment(PaymentOrder order)
        : this(JsonElement.Parse(order.Request), order.Quoted)
    {
    }

    private readonly JsonElement initiation = request.GetProperty("Data").GetProperty("Initiation");
    private readonly JsonElement quote = JsonElement.Parse(quoted ?? "{}");

    public Money? Amount => initiation.TryGetProperty("InstructedAmount", out var amount) || initiation.TryGetProperty("FirstPaymentAmount", out amount) ? Read(amount) : null;

    public TransferPayee Payee
    {
        get
        {
            var account = initiation.GetProperty("CreditorAccount");
            return new TransferPayee(account.GetProperty("SchemeName").GetString()!, account.GetProperty("Identification").GetString()!, account.GetProperty("Name").GetString()!);
        }
    }

    /// <summary>What the payer pays beside the amount (OB-PIS-14).</summary>
    public decimal Charge => !quote.TryGetProperty("Charges", out var charges)
        ? 0
        : charges.EnumerateArray().Where(charge => !charge.GetProperty("ChargeBearer").ValueEquals("BorneByCreditor")).Sum(charge => Read(charge.GetProperty(nameof(Amount))).Amount);

    /// <summary>As statements show it. Ours is made by us; theirs are passed on and never used as ids (OB-PIS-9, OB-PIS-10).</summary>
    public string Reference => Shortened.To(210, FirstText("RemittanceInformation", "Unstructured") ?? Text("EndToEndIdentification") ?? Text("FileReference") ?? "Payment")!;

    /// <summary>To whom it goes, in a word for lists; of a file, what it is called.</summary>
    public string PayeeName => initiation.TryGetProperty("CreditorAccount", out _) ? Payee.Name : Text("FileReference") ?? Text("FileType")!;

    /// <summary>The scheme that takes it to another bank.</summary>
    public string Rail => initiation.TryGetProperty("LocalInstrument", out var asked) ? asked.GetString()! : initiation.TryGetProperty("CurrencyOfTransfer", out _) ? "UK.OBIE.SWIFT" : "UK.OBIE.FPS";

    public DateTimeOffset? NotBefore => quote.TryGetProperty("ExpectedExecutionDateTime", out var at) ? IsoDateTime.Parse(at.GetString()!) : null;

    /// <summary>Until when the third party wants all to have approved it (OB-PIS-25).</summary>
    public DateTimeOffset? ApproveBefore =>
        request.GetProperty("Data").TryGetProperty("Authorisation", out var asked) && asked.TryGetProperty("CompletionDateTime", out var until) ? IsoDateTime.Parse(until.GetString()!) : null;

    public bool GivesRefundAccount => request.GetProperty("Data").TryGetProperty("ReadRefundAccount", out var asked) && asked.ValueEquals("Yes");

    private string? Text(string name) => initiation.TryGetProperty(name, out var text) ? text.GetString() : null;

    private static Money Read(JsonElement amount) =>
        Money.Parse(amount.GetProperty(nameof(Amount)).GetString()!, amount.GetProperty("Currency").GetString()!) ?? throw new InvalidOperationException("A consent is stored with an amount that is none.");

    private string? FirstText(string parent, string list) =>
        initiation.TryGetProperty(parent, out var inner) && inner.TryGetProperty(list, out var items) && items.ValueKind == JsonValueKind.Array && items.GetArrayLength() > 0
            ? items[0].GetString()
            : null;
}
