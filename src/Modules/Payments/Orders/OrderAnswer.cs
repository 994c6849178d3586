using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Payments.Orders;

/// <summary>An order as its third party sees it: what it has sent, in its own words (OB-GEN-7), with what the bank adds around it.</summary>
internal sealed class OrderAnswer(int status, Action<Utf8JsonWriter> write, string self) : IResult
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

    public static void WriteDetails(Utf8JsonWriter json, PaymentOrder order)
    {
        json.WriteStartObject("Data");
        json.WriteStartArray("PaymentStatus");
        json.WriteStartObject();
        json.WriteString("PaymentTransactionId", order.Id);
        json.WriteString("Status", order.Status.ToString());
        json.WriteString("StatusUpdateDateTime", IsoDateTime.ToWire(order.StatusChangedAt));
        json.WriteStartObject("StatusDetail");
        if (order.Rail is { } rail) json.WriteString("LocalInstrument", rail);
        json.WriteString("Status", order.Status.ToString());
        if (order.ReasonCode is { } code) json.WriteString("StatusReason", code);
        if (order.ReasonText is { } text) json.WriteString("StatusReasonDescription", text);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = status;
        httpContext.Response.ContentType = UkApi.Json;
        await using var json = new Utf8JsonWriter(httpContext.Response.BodyWriter);
        json.WriteStartObject();
        write(json);
        json.WriteStartObject("Links");
        json.WriteString("Self", self);
        json.WriteEndObject();
        json.WriteStartObject("Meta");
        json.WriteNumber("TotalPages", 1);
        json.WriteEndObject();
        json.WriteEndObject();
        await json.FlushAsync(httpContext.RequestAborted);
    }
}
