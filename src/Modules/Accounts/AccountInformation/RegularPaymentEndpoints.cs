using Microsoft.AspNetCore.Routing;
using OpenBanking.Accounts.CoreBank;

namespace OpenBanking.Accounts.AccountInformation;

/// <summary>What customers have arranged (payees, standing orders, direct debits, payments for later) and what the bank offers them.</summary>
internal static class RegularPaymentEndpoints
{
    public static void Map(IEndpointRouteBuilder aisp)
    {
        Listings.Map<BankBeneficiary, BeneficiaryList>(
            aisp,
            new("/beneficiaries", "/beneficiaries", "ReadBeneficiariesBasic", "ReadBeneficiariesDetail"),
            bank => bank.BeneficiariesAsync,
            (rows, frame) => new BeneficiaryList(new([.. rows.Select(row => frame.Allowed.Of(Mapping.Of(row, frame.AccountId)))]), frame.Links, frame.Meta),
            Wire.Default.BeneficiaryList);
        Listings.Map<BankStandingOrder, StandingOrderList>(
            aisp,
            new("/standing-orders", "/standing-orders", "ReadStandingOrdersBasic", "ReadStandingOrdersDetail"),
            bank => bank.StandingOrdersAsync,
            (rows, frame) => new StandingOrderList(new([.. rows.Select(row => frame.Allowed.Of(Mapping.Of(row)))]), frame.Links, frame.Meta),
            Wire.Default.StandingOrderList);
        Listings.Map<BankDirectDebit, DirectDebitList>(
            aisp,
            new("/direct-debits", "/direct-debits", "ReadDirectDebits"),
            bank => bank.DirectDebitsAsync,
            (rows, frame) => new DirectDebitList(new([.. rows.Select(row => AllowList.Of(Mapping.Of(row)))]), frame.Links, frame.Meta),
            Wire.Default.DirectDebitList);
        Listings.Map<BankScheduledPayment, ScheduledPaymentList>(
            aisp,
            new("/scheduled-payments", "/scheduled-payments", "ReadScheduledPaymentsBasic", "ReadScheduledPaymentsDetail"),
            bank => bank.ScheduledPaymentsAsync,
            (rows, frame) => new ScheduledPaymentList(new([.. rows.Select(row => frame.Allowed.Of(Mapping.Of(row)))]), frame.Links, frame.Meta),
            Wire.Default.ScheduledPaymentList);
        Listings.Map<BankOffer, OfferList>(
            aisp,
            new("/offers", "/offers", "ReadOffers"),
            bank => bank.OffersAsync,
            (rows, frame) => new OfferList(new([.. rows.Select(row => AllowList.Of(Mapping.Of(row)))]), frame.Links, frame.Meta),
            Wire.Default.OfferList);
    }
}
