using System.Globalization;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Kernel;

namespace OpenBanking.Accounts.AccountInformation;

/// <summary>A statement to keep, line by line, as a PDF (OB-DEC-2). A card's number shows its last digits only (OB-AIS-22).</summary>
internal static class StatementFile
{
    public const string MediaType = "application/pdf";

    /// <summary>How many lines are asked of the core bank at a time.</summary>
    public const int LinesAtOnce = 1000;

    private const double Left = 50;
    private const double Paid = 400;
    private const double Received = 470;
    private const double Right = 545;
    private const double Bottom = 780;
    private const int LongestText = 48;

    public static byte[] Of(BankAccount account, BankStatement statement, IReadOnlyList<BankTransaction> lines)
    {
        var pdf = new PdfDocument($"Statement {statement.Reference}", statement.CreatedAt);
        var y = Head(pdf, account, statement);
        var balance = statement.Opening;
        Line(pdf, y, statement.StartAt, "Balance brought forward", 0, balance, statement.Currency);
        foreach (var line in lines)
        {
            y += 15;
            if (y > Bottom) y = NextPage(pdf, statement);
            balance += line.Amount;
            Line(pdf, y, line.BookedAt, line.Information, line.Amount, balance, line.Currency);
        }

        if (y + 90 > Bottom) y = NextPage(pdf, statement);
        Sums(pdf, y + 25, statement);
        return pdf.ToBytes();
    }

    private static double Head(PdfDocument pdf, BankAccount account, BankStatement statement)
    {
        pdf.NewPage();
        pdf.Text(Left, 60, 18, "Statement of account", bold: true);
        pdf.Text(Left, 84, 11, account.HolderName);
        pdf.Text(Left, 100, 11, $"{account.Description}, {Mapping.Shown(account)}");
        pdf.Text(Left, 116, 11, $"{Day(statement.StartAt)} to {Day(statement.EndAt)}, in {statement.Currency}");
        pdf.Text(Left, 132, 9, $"Statement {statement.Reference}, issued {Day(statement.CreatedAt)} by {account.ServicerBic}");
        return Columns(pdf, 165);
    }

    private static double NextPage(PdfDocument pdf, BankStatement statement)
    {
        pdf.NewPage();
        pdf.Text(Left, 40, 9, $"Statement {statement.Reference}, page {pdf.Pages}");
        return Columns(pdf, 65);
    }

    private static double Columns(PdfDocument pdf, double y)
    {
        pdf.Text(Left, y, 9, "Date", bold: true);
        pdf.Text(Left + 65, y, 9, "Details", bold: true);
        pdf.Text(Paid - 35, y, 9, "Paid out", bold: true);
        pdf.Text(Received - 33, y, 9, "Paid in", bold: true);
        pdf.Text(Right - 36, y, 9, "Balance", bold: true);
        pdf.Rule(Left, y + 5, Right - Left);
        return y + 20;
    }

    private static void Line(PdfDocument pdf, double y, DateTimeOffset at, string text, decimal amount, decimal balance, string currency)
    {
        pdf.Text(Left, y, 9, Day(at));
        pdf.Text(Left + 65, y, 9, Shortened.To(LongestText, text)!);
        if (amount < 0) pdf.Number(Paid, y, 9, Amount(-amount, currency));
        if (amount > 0) pdf.Number(Received, y, 9, Amount(amount, currency));
        pdf.Number(Right, y, 9, Amount(balance, currency));
    }

    private static void Sums(PdfDocument pdf, double y, BankStatement statement)
    {
        pdf.Rule(Left, y - 12, Right - Left);
        foreach (var (name, amount) in new[]
        {
            ("Balance at the start", statement.Opening), ("Paid in", statement.Credits), ("Paid out", statement.Debits),
            ("of which charges", statement.Fees), ("Interest", statement.Interest), ("Balance at the end", statement.Closing),
        })
        {
            pdf.Text(Left + 65, y, 9, name, bold: name == "Balance at the end");
            pdf.Number(Right, y, 9, Amount(amount, statement.Currency), bold: name == "Balance at the end");
            y += 13;
        }
    }

    private static string Amount(decimal amount, string currency) => (amount < 0 ? "-" : "") + new Money(Math.Abs(amount), currency).ToWire();

    private static string Day(DateTimeOffset at) => at.ToString("d MMM yyyy", CultureInfo.InvariantCulture);
}
