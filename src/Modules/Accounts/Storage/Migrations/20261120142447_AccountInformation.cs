using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Accounts.Storage.Migrations
{
    /// <inheritdoc />
    public partial class AccountInformation : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "beneficiaries",
                schema: "accounts",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    CustomerId = table.Column<string>(type: "text", nullable: false),
                    IsTrusted = table.Column<bool>(type: "boolean", nullable: false),
                    Reference = table.Column<string>(type: "character varying(35)", maxLength: 35, nullable: false),
                    PayeeName = table.Column<string>(type: "character varying(350)", maxLength: 350, nullable: false),
                    PayeeScheme = table.Column<string>(type: "text", nullable: false),
                    PayeeIdentification = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: false),
                    PayeeBic = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_beneficiaries", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "direct_debits",
                schema: "accounts",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    AccountId = table.Column<string>(type: "character varying(40)", nullable: false),
                    Name = table.Column<string>(type: "character varying(70)", maxLength: 70, nullable: false),
                    Mandate = table.Column<string>(type: "character varying(35)", maxLength: 35, nullable: false),
                    Frequency = table.Column<string>(type: "character varying(4)", maxLength: 4, nullable: false),
                    Status = table.Column<string>(type: "character varying(4)", maxLength: 4, nullable: false),
                    LastAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    LastAmount = table.Column<decimal>(type: "numeric(18,5)", nullable: true),
                    Currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_direct_debits", x => x.Id);
                    table.ForeignKey(
                        name: "FK_direct_debits_accounts_AccountId",
                        column: x => x.AccountId,
                        principalSchema: "accounts",
                        principalTable: "accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "offers",
                schema: "accounts",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    AccountId = table.Column<string>(type: "character varying(40)", nullable: false),
                    Type = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false),
                    Description = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    From = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    Until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    Rate = table.Column<decimal>(type: "numeric(7,4)", nullable: true),
                    Amount = table.Column<decimal>(type: "numeric(18,5)", nullable: true),
                    Fee = table.Column<decimal>(type: "numeric(18,5)", nullable: true),
                    Currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false),
                    Term = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_offers", x => x.Id);
                    table.ForeignKey(
                        name: "FK_offers_accounts_AccountId",
                        column: x => x.AccountId,
                        principalSchema: "accounts",
                        principalTable: "accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "parties",
                schema: "accounts",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    CustomerId = table.Column<string>(type: "text", nullable: true),
                    Name = table.Column<string>(type: "character varying(350)", maxLength: 350, nullable: false),
                    FullLegalName = table.Column<string>(type: "character varying(350)", maxLength: 350, nullable: false),
                    LegalStructure = table.Column<string>(type: "text", nullable: false),
                    Number = table.Column<string>(type: "text", nullable: true),
                    Email = table.Column<string>(type: "text", nullable: true),
                    Phone = table.Column<string>(type: "text", nullable: true),
                    Mobile = table.Column<string>(type: "text", nullable: true),
                    AddressType = table.Column<string>(type: "text", nullable: true),
                    BuildingNumber = table.Column<string>(type: "text", nullable: true),
                    StreetName = table.Column<string>(type: "text", nullable: true),
                    TownName = table.Column<string>(type: "text", nullable: true),
                    PostCode = table.Column<string>(type: "text", nullable: true),
                    Country = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_parties", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "products",
                schema: "accounts",
                columns: table => new
                {
                    Id = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    Name = table.Column<string>(type: "character varying(350)", maxLength: 350, nullable: false),
                    Type = table.Column<string>(type: "text", nullable: false),
                    Description = table.Column<string>(type: "character varying(350)", maxLength: 350, nullable: false),
                    Currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false),
                    MonthlyFee = table.Column<decimal>(type: "numeric(18,4)", nullable: true),
                    CreditRate = table.Column<decimal>(type: "numeric(7,4)", nullable: true),
                    DebitRate = table.Column<decimal>(type: "numeric(7,4)", nullable: true),
                    Buffer = table.Column<decimal>(type: "numeric(18,4)", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_products", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "scheduled_payments",
                schema: "accounts",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    AccountId = table.Column<string>(type: "character varying(40)", nullable: false),
                    DueAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    Reference = table.Column<string>(type: "character varying(35)", maxLength: 35, nullable: false),
                    OwnReference = table.Column<string>(type: "character varying(35)", maxLength: 35, nullable: true),
                    Amount = table.Column<decimal>(type: "numeric(18,5)", nullable: false),
                    Currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false),
                    PayeeName = table.Column<string>(type: "character varying(350)", maxLength: 350, nullable: false),
                    PayeeScheme = table.Column<string>(type: "text", nullable: false),
                    PayeeIdentification = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: false),
                    PayeeBic = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_scheduled_payments", x => x.Id);
                    table.ForeignKey(
                        name: "FK_scheduled_payments_accounts_AccountId",
                        column: x => x.AccountId,
                        principalSchema: "accounts",
                        principalTable: "accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "standing_orders",
                schema: "accounts",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    AccountId = table.Column<string>(type: "character varying(40)", nullable: false),
                    Reference = table.Column<string>(type: "character varying(140)", maxLength: 140, nullable: false),
                    Frequency = table.Column<string>(type: "character varying(4)", maxLength: 4, nullable: false),
                    PointInTime = table.Column<string>(type: "character varying(2)", maxLength: 2, nullable: false),
                    FirstAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    NextAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    LastAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    FinalAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    Amount = table.Column<decimal>(type: "numeric(18,5)", nullable: false),
                    Currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false),
                    Status = table.Column<string>(type: "character varying(4)", maxLength: 4, nullable: false),
                    PayeeName = table.Column<string>(type: "character varying(350)", maxLength: 350, nullable: false),
                    PayeeScheme = table.Column<string>(type: "text", nullable: false),
                    PayeeIdentification = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: false),
                    PayeeBic = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_standing_orders", x => x.Id);
                    table.ForeignKey(
                        name: "FK_standing_orders_accounts_AccountId",
                        column: x => x.AccountId,
                        principalSchema: "accounts",
                        principalTable: "accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "statements",
                schema: "accounts",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    AccountId = table.Column<string>(type: "character varying(40)", nullable: false),
                    Reference = table.Column<string>(type: "character varying(35)", maxLength: 35, nullable: false),
                    StartAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    EndAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    CreatedAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    Currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false),
                    Opening = table.Column<decimal>(type: "numeric(18,5)", nullable: false),
                    Closing = table.Column<decimal>(type: "numeric(18,5)", nullable: false),
                    Credits = table.Column<decimal>(type: "numeric(18,5)", nullable: false),
                    Debits = table.Column<decimal>(type: "numeric(18,5)", nullable: false),
                    Fees = table.Column<decimal>(type: "numeric(18,5)", nullable: false),
                    Interest = table.Column<decimal>(type: "numeric(18,5)", nullable: false),
                    CardLimit = table.Column<decimal>(type: "numeric(18,5)", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_statements", x => x.Id);
                    table.ForeignKey(
                        name: "FK_statements_accounts_AccountId",
                        column: x => x.AccountId,
                        principalSchema: "accounts",
                        principalTable: "accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "party_links",
                schema: "accounts",
                columns: table => new
                {
                    AccountId = table.Column<string>(type: "character varying(40)", nullable: false),
                    PartyId = table.Column<Guid>(type: "uuid", nullable: false),
                    Position = table.Column<int>(type: "integer", nullable: false),
                    Type = table.Column<string>(type: "text", nullable: false),
                    Role = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_party_links", x => new { x.AccountId, x.PartyId });
                    table.ForeignKey(
                        name: "FK_party_links_accounts_AccountId",
                        column: x => x.AccountId,
                        principalSchema: "accounts",
                        principalTable: "accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_party_links_parties_PartyId",
                        column: x => x.PartyId,
                        principalSchema: "accounts",
                        principalTable: "parties",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "account_products",
                schema: "accounts",
                columns: table => new
                {
                    AccountId = table.Column<string>(type: "character varying(40)", nullable: false),
                    ProductId = table.Column<string>(type: "character varying(40)", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_account_products", x => x.AccountId);
                    table.ForeignKey(
                        name: "FK_account_products_accounts_AccountId",
                        column: x => x.AccountId,
                        principalSchema: "accounts",
                        principalTable: "accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_account_products_products_ProductId",
                        column: x => x.ProductId,
                        principalSchema: "accounts",
                        principalTable: "products",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_account_products_ProductId",
                schema: "accounts",
                table: "account_products",
                column: "ProductId");

            migrationBuilder.CreateIndex(
                name: "IX_beneficiaries_CustomerId",
                schema: "accounts",
                table: "beneficiaries",
                column: "CustomerId");

            migrationBuilder.CreateIndex(
                name: "IX_direct_debits_AccountId",
                schema: "accounts",
                table: "direct_debits",
                column: "AccountId");

            migrationBuilder.CreateIndex(
                name: "IX_offers_AccountId_Until",
                schema: "accounts",
                table: "offers",
                columns: new[] { "AccountId", "Until" });

            migrationBuilder.CreateIndex(
                name: "IX_parties_CustomerId",
                schema: "accounts",
                table: "parties",
                column: "CustomerId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_party_links_PartyId",
                schema: "accounts",
                table: "party_links",
                column: "PartyId");

            migrationBuilder.CreateIndex(
                name: "IX_scheduled_payments_AccountId_DueAt",
                schema: "accounts",
                table: "scheduled_payments",
                columns: new[] { "AccountId", "DueAt" });

            migrationBuilder.CreateIndex(
                name: "IX_scheduled_payments_DueAt",
                schema: "accounts",
                table: "scheduled_payments",
                column: "DueAt");

            migrationBuilder.CreateIndex(
                name: "IX_standing_orders_AccountId",
                schema: "accounts",
                table: "standing_orders",
                column: "AccountId");

            migrationBuilder.CreateIndex(
                name: "IX_standing_orders_NextAt",
                schema: "accounts",
                table: "standing_orders",
                column: "NextAt",
                filter: "\"Status\" = 'ACTV'");

            migrationBuilder.CreateIndex(
                name: "IX_statements_AccountId_EndAt",
                schema: "accounts",
                table: "statements",
                columns: new[] { "AccountId", "EndAt" },
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "account_products",
                schema: "accounts");

            migrationBuilder.DropTable(
                name: "beneficiaries",
                schema: "accounts");

            migrationBuilder.DropTable(
                name: "direct_debits",
                schema: "accounts");

            migrationBuilder.DropTable(
                name: "offers",
                schema: "accounts");

            migrationBuilder.DropTable(
                name: "party_links",
                schema: "accounts");

            migrationBuilder.DropTable(
                name: "scheduled_payments",
                schema: "accounts");

            migrationBuilder.DropTable(
                name: "standing_orders",
                schema: "accounts");

            migrationBuilder.DropTable(
                name: "statements",
                schema: "accounts");

            migrationBuilder.DropTable(
                name: "products",
                schema: "accounts");

            migrationBuilder.DropTable(
                name: "parties",
                schema: "accounts");
        }
    }
}
