using System.Text.Json;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Payments.Orders;

/// <summary>An order as its third party sees it: what it has sent, in its own words (OB-GEN-7), with what the bank adds around it.</summary>
internal static class OrderAnswer
{
    public static void Write(Utf8JsonWriter json, PaymentOrder order)
    {
        var request = JsonElement.Parse(order.Request);
        json.WriteStartObject("Data");
        json.WriteString(order.Type.IdMember, order.Id);
        json.WriteString("CreationDateTime", IsoDateTime.ToWire(order.CreatedAt));
        json.WriteString("Status", order.Status.ToString());
        if (order.ReasonCode is { } code)
        {
            // What needs explaining is explained (OB-PST-4).
            json.WriteStartArray("StatusReason");
            json.WriteStartObject();
            json.WriteString("StatusReasonCode", code);
            if (order.ReasonText is { } text) json.WriteString("StatusReasonDescription", text);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteString("StatusUpdateDateTime", IsoDateTime.ToWire(order.StatusChangedAt));
        foreach (var member in request.GetProperty("Data").EnumerateObject()) member.WriteTo(json);
        if (order.Quoted is { } quoted)
        {
            foreach (var member in JsonElement.Parse(quoted).EnumerateObject().Where(member => member.Name != "CutOffDateTime")) member.WriteTo(json);
        }

        if (order.Approvals is { } approvals) Write(json, order, approvals);

        // Whose money it is the third party may know by name (OB-PIS-8); the account only if it asked for it and the customer saw that (OB-PIS-16).
        json.WriteStartObject("Debtor");
        json.WriteString("Name", order.PayerName);
        json.WriteEndObject();
        if (order.GivesRefundAccount)
        {
            json.WriteStartObject("Refund");
            json.WriteStartObject("Account");
            json.WriteString("SchemeName", order.PayerScheme);
            json.WriteString("Identification", order.PayerIdentification);
            json.WriteString("Name", order.PayerName);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>How many have approved it of how many who must (OB-PIS-26).</summary>
    private static void Write(Utf8JsonWriter json, PaymentOrder order, MultiAuthorisation approvals)
    {
        json.WriteStartObject("MultiAuthorisation");
        json.WriteString("Status", approvals.ToString());
        json.WriteNumber("NumberRequired", order.ApprovalsRequired!.Value);
        json.WriteNumber("NumberReceived", order.ApprovalsReceived!.Value);
        json.WriteString("LastUpdateDateTime", IsoDateTime.ToWire(order.ApprovalsChangedAt!.Value));
        json.WriteString("ExpirationDateTime", IsoDateTime.ToWire(order.ApproveBefore!.Value));
        json.WriteEndObject();
    }

    /// <summary>How the payment fares, or how each of them does (OB-PST-5).</summary>
    public static void WriteDetails(Utf8JsonWriter json, PaymentOrder order, IReadOnlyList<PartPayment> parts)
    {
        json.WriteStartObject("Data");
        json.WriteStartArray("PaymentStatus");
        if (order.Type.HasParts)
        {
            foreach (var part in parts) Write(json, part.TransferId, part.Status, part.StatusChangedAt, part.Rail, part.ReasonCode, null);
        }
        else
        {
            Write(json, order.Id, order.Status, order.StatusChangedAt, order.Rail, order.ReasonCode, order.ReasonText);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string id, OrderStatus status, DateTimeOffset at, string? rail, string? code, string? text)
    {
        json.WriteStartObject();
        json.WriteString("PaymentTransactionId", id);
        json.WriteString("Status", status.ToString());
        json.WriteString("StatusUpdateDateTime", IsoDateTime.ToWire(at));
        json.WriteStartObject("StatusDetail");
        if (rail is not null) json.WriteString("LocalInstrument", rail);
        json.WriteString("Status", status.ToString());
        if (code is not null) json.WriteString("StatusReason", code);
        if (text is not null) json.WriteString("StatusReasonDescription", text);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
