using System.Text.Json;
using OpenBanking.Kernel;

namespace OpenBanking.Consent.PaymentConsents.Files;

/// <summary>
/// A file of the standard's own: <c>Data.DomesticPayments</c> is a list of initiations as a domestic payment has them. The list is read item by
/// item out of a buffer that grows to the largest item and no further.
/// </summary>
internal static class JsonPaymentFile
{
    public static async Task<Outcome<List<FilePayment>, FileFault>> ReadAsync(Stream stream, int most, CancellationToken ct)
    {
        var payments = new List<FilePayment>();
        try
        {
            using var items = new JsonItems(stream);
            await foreach (var item in items.ReadAsync(["Data", "DomesticPayments"], ct))
            {
                if (payments.Count == most) return new FileFault("OB-FIL-10", "U002", $"A file has {most} payments at most.");
                if (Payment(payments.Count, item).Failed(out var fault, out var payment)) return fault;
                payments.Add(payment);
            }
        }
        catch (JsonException)
        {
            return FileFormat.Malformed("The file is no JSON with a list of Data.DomesticPayments.");
        }

        return payments.Count == 0 ? FileFormat.Malformed("The file has no payments.") : payments;
    }

    private static Outcome<FilePayment, FileFault> Payment(int number, JsonElement item)
    {
        // Read by the same words as the initiation of one payment.
        var payment = new PaymentRequest(item);

        // What would be done otherwise than it says is refused (OB-GEN-8).
        if (payment.Text("LocalInstrument") is not (null or "UK.OBIE.FPS")) return new FileFault("OB-PIS-11", "U026", $"Payment {number + 1}: this instrument is not supported.");
        if (payment.Has("DebtorAccount")) return FileFormat.Malformed($"Payment {number + 1}: the account to pay from is that of the consent.");
        return FileFormat.Payment(
            number,
            payment.Text("InstructionIdentification"),
            payment.Text("EndToEndIdentification"),
            payment.Text("InstructedAmount.Amount"),
            payment.Text("InstructedAmount.Currency"),
            payment.Account("CreditorAccount"),
            payment.Text("RemittanceInformation.Structured[0].CreditorReferenceInformation.Reference") ?? payment.Text("RemittanceInformation.Unstructured[0]"));
    }
}
